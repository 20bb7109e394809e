"""Makes requests of a server, one after the other: told by standard input, answers by output."""

import json
import sys

import httpx

told = json.load(sys.stdin)
texts = []
with httpx.Client(headers={"Authorization": f"Bearer {told['token']}"}, timeout=60) as client:
    for method, path, body in told["requests"]:
        answer = client.request(method, told["url"] + path, json=body)
        texts.append(answer.raise_for_status().text)
json.dump(texts, sys.stdout)

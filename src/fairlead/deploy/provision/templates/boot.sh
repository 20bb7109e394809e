#!/bin/sh
# Starts what belongs to the live slot of {{ app }}, if there is one: after a reboot nobody else does.
# Written by `fairlead provision {{ environment }}`.
set -eu
slot=$(readlink {{ root|quoted }}/slots/live || true)
slot=${slot##*/}
case "$slot" in
    blue | green) ;;
    *) echo "nothing of {{ app }} is live yet"; exit 0 ;;
esac
{% if manager == "systemd" %}
exec systemctl start --no-block{% for process in processes %} "{{ app }}-{{ process }}@$slot.service"{% endfor %}

{% else %}
# Those that run already make it answer with a failure, which is none.
supervisorctl start{% for process in processes %} "{{ app }}-{{ process }}-$slot"{% endfor %} || true
{% endif %}

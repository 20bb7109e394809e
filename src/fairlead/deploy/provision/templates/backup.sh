#!/bin/sh
# Saves databases and shared files of {{ app }} in one archive, and keeps the last {{ keep }}.
# Written by `fairlead provision {{ environment }}`. Each archive lies in {{ folder }}; copy them elsewhere too.
#
# To get one back:
#   tar -xzf {{ folder }}/DATE.tar.gz -C /tmp/back
{% if "postgres" in databases %}
#   runuser -u {{ user }} -- pg_restore --clean --if-exists --dbname={{ user }} < /tmp/back/postgres.dump
{% endif %}
{% if "mysql" in databases %}
#   mysql {{ user }} < /tmp/back/mysql.sql
{% endif %}
{% if "redis" in databases %}
#   (stop redis-server, put redis.rdb in the place of /var/lib/redis/dump.rdb, start it)
{% endif %}
#   cp -a /tmp/back/shared/. {{ root }}/shared/
set -eu
umask 077
mkdir -p {{ folder|quoted }}
cd {{ folder|quoted }}
exec 9>.lock
flock -n 9 || { echo "a backup of {{ app }} is being made already" >&2; exit 1; }
# What is not whole goes, also where this fails: on a full disk each day would leave one more.
tidy() {
    rm -rf .making .[0-9]*.tar.gz
}
trap tidy EXIT
tidy
mkdir .making
{% if "postgres" in databases %}
runuser -u {{ user }} -- pg_dump --format=custom {{ user }} > .making/postgres.dump
{% endif %}
{% if "mysql" in databases %}
mysqldump --single-transaction --routines --triggers {{ user|quoted }} > .making/mysql.sql
{% endif %}
{% if "redis" in databases %}
redis-cli --rdb .making/redis.rdb > /dev/null
{% endif %}
# A file that changes while it is read is saved as it was read; cp may miss one that goes away.
cp -a {{ root|quoted }}/shared .making/shared || echo "some shared files went away meanwhile" >&2
now=$(date -u +%Y-%m-%dT%H%M%SZ)
tar -C .making -czf ".$now.tar.gz" .
mv ".$now.tar.gz" "$now.tar.gz"
# Names sort by time; the newest {{ keep }} stay.
ls -1 | grep '^[0-9].*Z\.tar\.gz$' | sort -r | tail -n +{{ keep + 1 }} | while read -r old; do
    rm -f -- "$old"
done

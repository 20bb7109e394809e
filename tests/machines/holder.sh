# holder.sh GROUP COMMAND...: run a machine's first process in a control group and namespaces of
# its own; end it, with all that it started, when nobody holds the other end of our input any more.
group=$1
shift
mkdir "$group" || exit
(
    echo 0 >"$group/cgroup.procs"
    exec unshare --net --uts --ipc --mount --pid --cgroup --fork --kill-child "$@" </dev/null
) &
cat >/dev/null
kill -KILL $!
wait $!
# A group can be removed a moment after its last process.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.05
done

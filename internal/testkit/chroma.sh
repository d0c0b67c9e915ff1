# usage: sh -c THIS chroma.sh LOG COMMAND...
# Runs a Chroma server. Prints its process id and kills it when standard input ends:
# other signals only close its listener.
log=$1
shift

"$@" >"$log" 2>&1 </dev/null &
pid=$!
trap 'kill -9 "$pid"' HUP INT TERM
echo "$pid"

exec 3<&0 # a job in the background would read nothing
{
	trap 'exit' TERM
	cat <&3 >/dev/null
	kill -9 "$pid" 2>/dev/null
} &
guard=$!
exec >/dev/null

wait "$pid"
kill "$guard" 2>/dev/null

# usage: sh -c THIS redis.sh BIN DIR PORT
# Runs a Redis server in DIR on a loopback port, with a password from redis.conf and
# nothing kept on disk. Prints its process id, kills it when standard input ends, and
# removes DIR when it has ended.
bin=$1
dir=$2
port=$3

"$bin" "$dir/redis.conf" --bind 127.0.0.1 --port "$port" --dir "$dir" --logfile "$dir/log" --daemonize no \
	--save '' --appendonly no --databases 4096 >/dev/null 2>&1 </dev/null &
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
cd / && rm -rf "$dir"

# usage: sh -c THIS postgres.sh BIN DIR
# Makes a PostgreSQL cluster in DIR, starts it on a Unix socket in DIR, prints
# "ready", and stops it and removes DIR when standard input ends.
bin=$1
dir=$2

stop() {
	"$bin/pg_ctl" stop -D "$dir/data" -m immediate >/dev/null 2>&1 </dev/null
	cd / && rm -rf "$dir"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "$1: $(tail -n 3 "$dir/log" | tr '\n' ' ')"
	exit 1
}

"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 </dev/null ||
	fail "initdb failed"
"$bin/pg_ctl" start -w -D "$dir/data" -l "$dir/log" >/dev/null 2>&1 </dev/null \
	-o "-k '$dir' -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB" ||
	fail "postgres did not start"
echo ready
exec >/dev/null
cat

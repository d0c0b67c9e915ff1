# Runs a NATS server as long as standard input is open: nats.sh PROGRAM PORT.
# The first line of output is its process, the second where it listens. It is killed,
# frozen or not, when the test process closes the input or is gone.
"$1" "$2" </dev/null &
server=$!
echo "$server"
(
	while kill -0 "$server" 2>/dev/null; do sleep 0.05; done
	kill $$ 2>/dev/null
) >/dev/null 2>&1 &
trap 'kill -9 "$server" 2>/dev/null; wait "$server" 2>/dev/null; exit 0' TERM EXIT
cat >/dev/null

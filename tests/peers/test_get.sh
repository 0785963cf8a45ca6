#!/bin/sh
# get.sh gives a working smtp-source and smtp-sink, a second call is at once, and what it cannot do it says.
set -eu
here=$(dirname "$0")
peers=$TEST_BUILDDIR/peers
fail() { echo "FAILED: $*"; exit 1; }

"$here/get.sh" postfix "$peers"
touch "$peers/postfix/.ours" # a second call keeps what is there
"$here/get.sh" postfix "$peers"
[ -e "$peers/postfix/.ours" ] || fail "unpacked twice"
"$here/get.sh" exim "$peers"
[ -z "$(find "$peers" -perm /6000)" ] || fail "programs that run as somebody else: $(find "$peers" -perm /6000)"
[ ! -e /etc/postfix/main.cf ] || echo "note: this machine has a Postfix of its own"

work=$(mktemp -d)
"$peers/bin/smtp-sink" -u "$(id -un)" "unix:$work/sink" 10 &
sink=$!
trap 'kill $sink 2>/dev/null || true; rm -rf "$work"' EXIT
tries=0
until [ -S "$work/sink" ]; do
    tries=$((tries + 1))
    [ $tries -le 600 ] && kill -0 $sink 2>/dev/null || fail "smtp-sink did not start"
    sleep 0.1
done
"$peers/bin/smtp-source" -s 2 -m 20 -l 4096 -f me@example.org -t you@example.org "unix:$work/sink" || fail "smtp-source"

status=0
"$here/get.sh" nosuch "$work/peers" 2>"$work/log" || status=$?
[ $status -eq 64 ] && grep -q "no peer nosuch" "$work/log" || fail "an unknown peer: $status $(cat "$work/log")"
mkdir "$work/bin" # a machine without apt-get
for tool in sh flock mkdir rm mktemp dirname; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
status=0
PATH=$work/bin "$here/get.sh" postfix "$work/peers" 2>"$work/log" || status=$?
[ $status -eq 69 ] && grep -q "no apt-get" "$work/log" || fail "without apt-get: $status $(cat "$work/log")"
printf '#!/bin/sh\nexit 100\n' >"$work/bin/apt-get" # and one whose apt knows nothing
cp "$work/bin/apt-get" "$work/bin/apt-cache"
chmod +x "$work/bin/apt-get" "$work/bin/apt-cache"
status=0
PATH=$work/bin "$here/get.sh" postfix "$work/peers" 2>"$work/log" || status=$?
[ $status -eq 69 ] && grep -q "apt-get update" "$work/log" || fail "without lists: $status $(cat "$work/log")"
echo ok

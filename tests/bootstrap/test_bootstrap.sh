#!/bin/sh
# bootstrap: what it installs, and how it stops, on machines made of stand-ins for apt, sudo and the build's programs.
set -u
source=$(cd "$TEST_SRCDIR/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { echo "FAILED: $case: $*"; sed 's/^/    /' "$work/out"; failures=$((failures + 1)); }

# A machine: bin/ with the tools that any has, a clone of the project's door, and stand-ins that note how they were called.
machine() {
    case=$1
    chmod -R u+rwx "$work/clone" "$work/bin" 2>/dev/null
    rm -rf "$work/clone" "$work/bin" "$work/calls" "$work/lists" "$work/broken"
    mkdir -p "$work/bin" "$work/clone"
    for tool in sh env find grep head dirname mkdir touch cat chmod nproc rm; do
        ln -s "$(command -v $tool)" "$work/bin/$tool"
    done
    cp "$source/bootstrap" "$work/clone/"
    : >"$work/clone/configure.ac"
    : >"$work/calls"
    echo "have everything" >"$work/lists"
    tool id 'echo "${TEST_UID:-0}"'
    tool apt-cache 'for p; do [ "$p" = policy ] || { echo "$p:"; grep -q everything "$W/lists" && echo "  Candidate: 1.0" || echo "  Candidate: (none)"; }; done'
    tool apt-get 'echo "apt-get $*" >>"$W/calls"; [ "$1" != update ] || echo everything >"$W/lists"
        if [ -e "$W/broken" ]; then read -r verb <"$W/broken"; [ "$1" != "$verb" ] || { rm "$W/broken"; exit 100; }; fi'
    tool dpkg-query 'for p; do case $p in -*|*Status*) ;; *) case " $TEST_MISSING " in *" $p "*) ;; *) printf "installed=%s " "$p" ;; esac ;; esac; done'
    tool sudo 'echo "sudo $*" >>"$W/calls"; "$@"'
    tool autoreconf 'echo "autoreconf $*" >>"$W/calls"; printf "#!/bin/sh\necho configure >>$W/calls; touch Makefile config.status\n" >configure; chmod +x configure'
    tool make 'echo "make $*" >>"$W/calls"; printf "#!/bin/sh\necho daemon \$* >>$W/calls\n" >build/smtpgate; chmod +x build/smtpgate'
}
tool() {
    printf '#!/bin/sh\nW=%s\n%s\n' "$work" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# bootstrap ARGUMENTS: runs it there; its output in $work/out, its exit status in $status
bootstrap() {
    (cd / && PATH=$work/bin TEST_MISSING=${missing-} TEST_UID=${uid-0} "$work/clone/bootstrap" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}
exits() { [ $status -eq "$1" ] || fail "exit status $status, not $1"; }
says() { grep -qF -- "$1" "$work/out" || fail "does not say: $1"; }
calls() { [ "$(cat "$work/calls")" = "$1" ] || fail "called: $(cat "$work/calls"); not: $1"; }
install='apt-get install -y -q --no-install-recommends'

machine "nothing is missing"
bootstrap deps; exits 0; calls ""
missing="check libssl-dev"
machine "two packages are missing"
bootstrap deps; exits 0; calls "$install check libssl-dev"
says "+ env DEBIAN_FRONTEND=noninteractive $install check libssl-dev"
machine "apt has not looked yet"
echo nothing >"$work/lists"
bootstrap deps; exits 0; calls "apt-get update -q
$install check libssl-dev"
machine "apt's lists are too old"
echo install >"$work/broken"
bootstrap deps; exits 0; calls "$install check libssl-dev
apt-get update -q
$install check libssl-dev"
machine "no network"
echo nothing >"$work/lists"
echo update >"$work/broken"
bootstrap deps; exits 100; says "failed with status 100: env DEBIAN_FRONTEND=noninteractive apt-get update -q"
machine "not root"
uid=1000
bootstrap deps; exits 0; calls "sudo env DEBIAN_FRONTEND=noninteractive $install check libssl-dev
$install check libssl-dev"
machine "not root, and no sudo"
rm "$work/bin/sudo"
bootstrap deps; exits 69; calls ""; says "As root: $install check libssl-dev"
machine "not root, no sudo, nothing missing"
rm "$work/bin/sudo"
missing=; bootstrap deps; exits 0
uid=0
machine "another system"
rm "$work/bin/apt-get"
bootstrap; exits 69; says libltdl-dev; says autoreconf
missing="swaks clang"
machine "the lists are apart"
bootstrap deps build; exits 0; calls ""
bootstrap deps; exits 0; calls "$install swaks"
: >"$work/calls"
bootstrap deps ci; exits 0; calls "$install swaks clang"
missing=

machine "builds once, then only what is new"
bootstrap; exits 0; calls "autoreconf -fi
configure
make -C build --no-print-directory -j$(nproc)"
: >"$work/calls"
bootstrap; exits 0; calls "make -C build --no-print-directory -j$(nproc)"
machine "a step fails"
tool autoreconf 'exit 7'
bootstrap; exits 7; says "failed with status 7: autoreconf -fi"
tool autoreconf 'printf "#!/bin/sh\nexit 8\n" >configure; chmod +x configure'
bootstrap; exits 8; says "failed with status 8: ../configure"

machine "runs a gateway"
bootstrap run; exits 0
says "exec 3<>/dev/tcp/127.0.0.1/2525"
says "$work/clone/run/mail/admin/new/"
grep -q "^daemon run --config $work/clone/run/smtpgate.ini$" "$work/calls" || fail "the gateway was not started: $(cat "$work/calls")"
echo "; mine" >>"$work/clone/run/smtpgate.ini"
tool swaks ''
bootstrap run; exits 0; says "swaks --server 127.0.0.1:2525"
grep -q "^; mine$" "$work/clone/run/smtpgate.ini" || fail "wrote over the settings"
chmod 777 "$work/clone"
bootstrap run; exits 0; says "+ chmod go-w $work/clone"
chmod 777 "$work"
bootstrap run; exits 1; says "$work may be written by others"; says "chmod go-w $work"
chmod 700 "$work"

machine "wrong words"
bootstrap nosuch; exits 64; says usage
bootstrap deps nosuch; exits 64
bootstrap help; exits 0; says usage

[ $failures -eq 0 ] && echo ok
exit $((failures > 0))

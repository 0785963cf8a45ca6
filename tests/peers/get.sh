#!/bin/sh
# get.sh PEER FOLDER: unpacks a mail program of Debian as a peer for tests, and installs nothing: no service, no user, no
# conflict with the machine's own mail server. PEER is postfix (smtp-source, smtp-sink, a whole Postfix), dovecot, exim,
# samba (smbd and smbclient, for a postoffice on a share), or haproxy.
# FOLDER/PEER then holds the package's tree with the libraries that this machine lacks, FOLDER/bin a starter for each of its
# programs. What is there already is kept. Needs no root. Exits 69 and says why when the packages cannot be had.
set -eu

[ $# -eq 2 ] || { echo "usage: get.sh postfix|dovecot|exim|samba|haproxy FOLDER" >&2; exit 64; }
peer=$1
folder=$2
case $peer in
postfix) packages=postfix ;;
dovecot) packages='dovecot-core dovecot-lmtpd dovecot-imapd dovecot-pop3d' ;;
exim) packages=exim4-daemon-light ;;
samba) packages='samba samba-libs smbclient' ;;
haproxy) packages=haproxy ;;
*) echo "get.sh: no peer $peer (postfix, dovecot, exim, samba, haproxy)" >&2; exit 64 ;;
esac

die() { printf 'get.sh: %s\n' "$*" >&2; exit 69; }
installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# The packages and every library below them that is not installed.
closure() {
    found=
    while [ $# -gt 0 ]; do
        case " $found " in
        *" $1 "*) ;;
        *)
            found="$found $1"
            for library in $(apt-cache depends --important "$1" | sed -n 's/^  Depends: \(lib[^:]*\)$/\1/p'); do
                installed "$library" || set -- "$@" "$library"
            done
            ;;
        esac
        shift
    done
    echo "$found"
}

mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd -P)
exec 9>"$folder/.lock"
flock 9 # tests run side by side
[ "$(cat "$folder/$peer/.whole" 2>/dev/null || true)" != "$packages" ] || exit 0

command -v apt-get >/dev/null || die "no apt-get: $peer comes from Debian's packages $packages"
apt-cache show $packages >/dev/null 2>&1 || die "apt knows no package $packages; as root: apt-get update"
work=$(mktemp -d "$folder/.get.XXXXXX")
trap 'rm -rf "$work"' EXIT
list=$(closure $packages)
(cd "$work" && apt-get download -qq $list 2>log) || {
    cat "$work/log" >&2
    die "$peer cannot be downloaded:$list; if its version is gone, as root: apt-get update"
}
for archive in "$work"/*.deb; do
    dpkg-deb -x "$archive" "$work/tree" || die "$archive cannot be unpacked"
done

# Starters find the private libraries; a Postfix program looks for them in its own folder as well.
triplet=$(ls "$work/tree/usr/lib" | grep -- '-linux-gnu' | head -n 1 || true)
root=$folder/$peer
libraries=$root/usr/lib/$peer${triplet:+:$root/usr/lib/$triplet:$root/usr/lib/$triplet/$peer:$root/lib/$triplet}
chmod -R ug-s "$work/tree" # such a program is nobody's to run here, and would not heed the libraries' path
rm -rf "$root"
mv "$work/tree" "$root"
for program in "$root"/usr/sbin/* "$root"/usr/bin/* "$root"/usr/lib/"$peer"/sbin/*; do
    [ -f "$program" ] && [ -x "$program" ] || continue
    starter=$folder/bin/$(basename "$program")
    printf "#!/bin/sh\nLD_LIBRARY_PATH='%s'\nexport LD_LIBRARY_PATH\nexec '%s' \"\$@\"\n" "$libraries" "$program" >"$starter"
    chmod +x "$starter"
done
printf '%s\n' "$libraries" >"$root/.libraries"

missing=$(LD_LIBRARY_PATH=$libraries ldd "$root"/usr/sbin/* "$root"/usr/lib/"$peer"/sbin/* 2>/dev/null | grep 'not found' | sort -u || true)
[ -z "$missing" ] || die "$peer lacks libraries: $missing"
echo "$packages" >"$root/.whole"

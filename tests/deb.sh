#!/bin/sh
# `make check-deb`, as root: builds the Debian packages, has lintian read them, installs them in a fresh Debian, does the
# main job there, upgrades and purges. Wants the packages debhelper, lintian and debootstrap, and a mirror of Debian.
set -eu
srcdir=$(cd "${srcdir-.}" && pwd)
. "$srcdir/tests/claims.sh"
mirror=${DEBIAN_MIRROR-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP only root can make a fresh Debian"; exit 0; }

work=$(mktemp -d)
root=$work/root
release() {
  for folder in tmp proc; do
    umount "$root/$folder" 2>/dev/null || true
  done
  rm -rf --one-file-system "$work"
}
trap release EXIT
trap 'exit 1' INT TERM

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

as_keurmerk() {
  inside runuser -u keurmerk -- "$@"
}

# Those of the work tree that are kept; all of an unpacked tarball.
source_files() {
  cd "$srcdir"
  git ls-files -z 2>/dev/null || find . -type f -print0
}

build_packages() {
  mkdir "$work/source" && source_files | tar -C "$srcdir" --null -T - -c | tar -C "$work/source" -x &&
    cd "$work/source" && DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-nocheck}" dpkg-buildpackage -us -uc
}

lintian_is_content() {
  lintian --allow-root --fail-on error,warning "$work"/*.changes
}

make_debian() {
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror" || return 1
  # The network as this machine reaches it.
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  rm -f "$root/etc/apt/sources.list"
  cp -r /etc/apt/. "$root/etc/apt/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  mount -t proc proc "$root/proc"
  mount --bind "${TMPDIR-/tmp}" "$root/tmp"
  # As in an image of a container: nothing is started in there.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
}

install_packages() {
  inside apt-get -q update && inside apt-get -q -y install --no-install-recommends "$@"
}

# Each file is there that the units, the shells and man look for.
has_all_files() {
  for file in usr/bin/keurmerk lib/systemd/system/keurmerk.service usr/share/man/man1/keurmerk.1.gz \
    usr/share/bash-completion/completions/keurmerk usr/share/doc/keurmerk/operations.md.gz; do
    [ -e "$root/$file" ] || { echo "$file is missing"; return 1; }
  done
}

does_main_job() {
  printf '#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec chroot %s keurmerk "$@"\n' "$root" >"$work/keurmerk"
  chmod +x "$work/keurmerk"
  KEURMERK=$work/keurmerk node --test-reporter=tap "$srcdir/tests/main_job.mjs"
}

# As README.Debian says, without systemd.
runs_as_its_own_user() {
  inside sh -c 'umask 077 && openssl rand -base64 33 >/etc/keurmerk/passphrase &&
    chown keurmerk: /etc/keurmerk/passphrase && chmod 400 /etc/keurmerk/passphrase' &&
    as_keurmerk keurmerk init --url http://127.0.0.1:18999 --passphrase-file /etc/keurmerk/passphrase || return 1
  as_keurmerk keurmerk serve --listen 127.0.0.1:18999 --passphrase-file /etc/keurmerk/passphrase --no-domain-checks \
    >"$work/serve.log" 2>&1 &
  answered=1
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    curl -sf http://127.0.0.1:18999/readyz >/dev/null && answered=0 && break
    sleep 0.5
  done
  pattern="^keurmerk serve --listen 127.0.0.1:18999" uid=$(inside id -u keurmerk)
  serving=$(pgrep -u "$uid" -f "$pattern" | wc -l)
  pkill -u "$uid" -f "$pattern" || true
  wait $!
  [ "$answered" = 0 ] && [ "$serving" -gt 0 ] || { cat "$work/serve.log"; return 1; }
}

upgrades() {
  mkdir "$work/next" && dpkg-deb -R "$work"/keurmerk_*_*.deb "$work/next" &&
    sed -i 's/^Version: .*/&+next1/' "$work/next/DEBIAN/control" && dpkg-deb -b "$work/next" "$work/next.deb" &&
    inside dpkg -i "$work/next.deb" && inside dpkg-query -W -f '${Version}' keurmerk | grep -q next1 &&
    as_keurmerk keurmerk fsck
}

purge_keeps_register() {
  inside apt-get -q -y purge keurmerk && [ -s "$root/var/lib/keurmerk/register.db" ] && [ -s "$root/etc/keurmerk/passphrase" ] &&
    inside id keurmerk
}

purge_leaves_nothing() {
  inside dpkg -i "$work/next.deb" && rm -r "$root/var/lib/keurmerk" && inside apt-get -q -y purge keurmerk &&
    [ ! -e "$root/var/lib/keurmerk" ] && [ ! -e "$root/etc/keurmerk" ] && ! inside id keurmerk 2>/dev/null
}

claim "the packages are built" build_packages
claim "lintian finds no fault in them" lintian_is_content
claim "there is a fresh Debian" make_debian
claim "they are installed there, with all that they need" install_packages "$work"/keurmerk_*.deb openssl
claim "all files are in their places" has_all_files
claim "the main job is done by the program of the package" does_main_job
claim "the registry runs as a user of its own" runs_as_its_own_user
claim "a newer version takes over the register" upgrades
claim "a purge keeps the register, its keys and their passphrase" purge_keeps_register
claim "a purge leaves nothing where there is no register" purge_leaves_nothing
claims_end

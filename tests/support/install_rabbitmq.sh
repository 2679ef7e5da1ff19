#!/bin/sh
# Makes sure the RabbitMQ server's files are on this machine, for tests/support/broker.py, which
# runs nodes of its own. Never starts, enables, stops or otherwise touches the system's node.
# Exit status: 0 present or installed; 2 root is needed; 3 no apt-get here; else apt-get's.
set -eu

policy=/usr/sbin/policy-rc.d
units="rabbitmq-server.service epmd.service epmd.socket"

present() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v rabbitmq-server >/dev/null ||
        [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]
}

refuse() {
    printf '%s\n' "RabbitMQ is not installed. $2" >&2
    exit "$1"
}

install_package() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        --option DPkg::Lock::Timeout=300 rabbitmq-server
}

restore() {
    status=$?
    trap - EXIT
    rm -f "$policy"
    if [ -e "$saved/policy" ] || [ -L "$saved/policy" ]; then
        mv "$saved/policy" "$policy"
    fi
    rmdir "$saved"
    exit "$status"
}

present && exit 0

command -v apt-get >/dev/null ||
    refuse 3 "Without apt-get, install the package rabbitmq-server (3.10 or newer) yourself."
[ "$(id -u)" -eq 0 ] || refuse 2 "Run as root: sudo sh $(realpath "$0")"

exec 9>/run/lock/gongyue-install-rabbitmq
flock 9
present && exit 0

new_units=
for unit in $units; do
    [ -e "/lib/systemd/system/$unit" ] || new_units="$new_units $unit"
done

saved=$(mktemp -d)
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -e "$policy" ] || [ -L "$policy" ]; then
    mv "$policy" "$saved/policy"
fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

if ! install_package; then
    apt-get update
    install_package
fi

# The packages switch their services on for the next boot.
update-rc.d rabbitmq-server disable >/dev/null
if [ -n "$new_units" ] && command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086 # one word per unit
    systemctl --quiet disable $new_units
fi

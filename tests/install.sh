# For scripts that take what they miss from Debian's packages: source tests/install.sh

# Debian's packages, as root.
install() {
    echo "installing $*"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# What the scripts that start a broker share, to be sourced by them: its jars, free ports, the broker itself, and children that
# are stopped with the script. Messages go out under the name of the script.

script=${0##*/}
recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${CARGO_TARGET_DIR:-$recipe/../../../target}/frames
children=()
work='' storage=''
# Users by SCRAM, as the formatting of the storage takes them.
scram_users=("SCRAM-SHA-256=[name=bob,password=bob-secret]")

# Makes the folders. The jars stay in $target; the logs are in $work, and stay too if something fails.
begin() {
    mkdir -p "$target"
    target=$(cd "$target" && pwd)
    trap stop_everything EXIT
    work=$(mktemp -d "$target/run.XXXXXX")
    storage=$(mktemp -d /var/tmp/kafka-frames.XXXXXX) # its path shows in DescribeLogDirs responses
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

needs() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || fail "$tool is not installed, or not in PATH"
    done
}

fail() {
    echo "$script: $*" >&2
    exit 1
}

# Children are ended by their own ids, the newest first, so that no recorder goes before what it records.
stop_everything() {
    local status=$? i
    trap '' INT TERM HUP
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do stop "${children[i]}"; done
    rm -rf "$storage"
    if [ "$status" -eq 0 ] || [ "$status" -ge 128 ]; then rm -rf "$work"; else echo "$script: failed; logs are in $work" >&2; fi
    exit "$status"
}

stop() {
    local tries=100
    kill "$1" 2>/dev/null || return 0
    while kill -0 "$1" 2>/dev/null; do
        if ((tries-- == 0)); then kill -KILL "$1" 2>/dev/null || true; fi
        sleep 0.1
    done
    wait "$1" 2>/dev/null || true
}

# Runs a command as a child that is stopped with us; leaves its id in $child.
start() {
    "$@" &
    child=$!
    children+=("$child")
}

# The same for a command that ends by itself, and has to end well.
run() {
    local name=$1 status=0
    shift
    echo "$script: $name"
    start timeout --foreground 300 "$@"
    wait "$child" || status=$?
    unset "children[-1]"
    [ "$status" -eq 0 ] || fail "$name: exit status $status"
}

# fetch_broker [RELEASE]: the newest that is recorded, or another; leaves the class path in $classpath.
fetch_broker() {
    local pom=$recipe/pom.xml jars=$target/lib${1+-$1}
    if ! cmp -s "$pom" "$jars/pom.xml"; then
        rm -rf "$jars"
        run "fetching the broker" mvn -q -B -f "$pom" ${1+"-Dkafka.version=$1"} dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars"
        cp "$pom" "$jars/pom.xml"
    fi
    classpath=$jars/*
}

free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
PYTHON
}

# start_broker "NAME=LISTENED:ADVERTISED .." [PROPERTY ..]; the advertised port may be a proxy's. CONTROLLER and BROKER are always needed,
# unless properties say that another node is the controller. The cluster is a new one, or that of $cluster_id.
start_broker() {
    local listeners="" advertised="" voter="" each name ports
    for each in $1; do
        name=${each%%=*} ports=${each#*=}
        listeners+=,$name://127.0.0.1:${ports%:*}
        advertised+=,$name://127.0.0.1:${ports#*:}
        [ "$name" != CONTROLLER ] || voter=1@127.0.0.1:${ports#*:}
    done
    shift
    cp "$recipe/server.properties" "$work"
    printf '%s\n' "log.dirs=$storage" "listeners=${listeners#,}" "advertised.listeners=${advertised#,}" \
        "controller.quorum.voters=$voter" "$@" >>"$work/server.properties"

    local java=(java -Xmx512m -cp "$work/classes:$classpath" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info)
    local cluster=${cluster_id:-$("${java[@]}" kafka.tools.StorageTool random-uuid 2>>"$work/format.log")}
    "${java[@]}" kafka.tools.StorageTool format --cluster-id "$cluster" --config "$work/server.properties" \
        "${scram_users[@]/#/--add-scram=}" >>"$work/format.log" 2>&1 ||
        fail "formatting the storage failed: see $work/format.log"
    start "${java[@]}" kafka.Kafka "$work/server.properties" >"$work/broker.log" 2>&1
    broker=$child

    local tries=600
    until grep -q "Kafka Server started" "$work/broker.log"; do
        kill -0 "$broker" 2>/dev/null || fail "the broker ended: see $work/broker.log"
        ((tries-- > 0)) || fail "the broker does not get going: see $work/broker.log"
        sleep 0.1
    done
}

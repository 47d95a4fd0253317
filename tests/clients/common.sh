# What the scripts that start servers share; to be read by them, with `cap` and `work` set.

pids=()
# Ends a process with the script.
own() { pids+=("$1"); }
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  # A gateway ends the servers that it started before it ends itself.
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap finish EXIT

skip() { echo "SKIPPED: $1"; exit 0; }

# Waits for a line of a file that matches, and prints its last word.
await() {
  local line
  for _ in $(seq 400); do
    if line="$(grep -m1 "$2" "$1" 2>/dev/null)"; then printf '%s' "${line##* }"; return; fi
    sleep 0.05
  done
  echo "nothing came: $1" >&2
  cat "$1" >&2
  return 1
}

# Installs npm packages into a folder of their own.
install() {
  local folder="$1"
  shift
  command -v npm >/dev/null || return 1
  mkdir -p "$folder"
  echo '{"private": true}' >"$folder/package.json"
  (cd "$folder" && npm install --silent --no-audit --no-fund "$@" >npm.log 2>&1)
}

# Sees to it that `node` is at least 22.19.
modern_node() {
  local new='const [major, minor] = process.versions.node.split("."); process.exit(major > 22 || (major == 22 && minor >= 19) ? 0 : 1)'
  node -e "$new" 2>/dev/null && return
  [ -x "$1/node_modules/.bin/node" ] || install "$1" node@22.23.3 || return 1
  PATH="$1/node_modules/.bin:$PATH"
  node -e "$new" 2>/dev/null
}

# A file for an upstream with this name and transport.
upstream() {
  printf 'version: 1\nkind: upstream\nname: %s\ndescription: A server to test with.\nnetwork: private\ntransport: {%s}\n' "$1" "$2"
}

# Starts a gateway for the capabilities in a folder, and sets `url`.
serve() {
  local folder="$1"
  shift
  : >"$folder/serve.log"
  (cd "$folder" && "$cap" pin >pin.log 2>&1) || true
  (cd "$folder" && exec "$cap" serve --listen 127.0.0.1:0 "$@" 2>serve.log) & own $!
  url="$(await "$folder/serve.log" ' Listening ')"
}

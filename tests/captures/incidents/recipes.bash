# shellcheck shell=bash disable=SC2034,SC2154 # read by tools/record-captures, which has what is not defined here
# The recipes of tests/captures/incidents: what scripts/library tells of, and the harmless things that look like it.
incidents=(bittorrent dhcp dhcp-rogue dns-browsing dns-exfiltration dns-iodine dns-iodine-txt long-lived postgresql-tls scan-connect scan-hosts
  scan-syn scan-udp smtp-starttls ssh-443 ssh-old stratum tls-names tls-old traceroute transfer-large upload)
incident_programs=$top/tests/captures/incidents/programs

add_outside() { # 203.0.113.7 on the server, an address that is nobody's local one
  ip -n "$server" addr add 203.0.113.7/32 dev eth0
  ip -n "$client" route add 203.0.113.0/24 via 10.71.0.2
}

add_silence() { # 10.99.0.0/24, a network behind the server that answers nothing
  ip -n "$client" route add 10.99.0.0/24 via 10.71.0.2
  ip -n "$server" route add blackhole 10.99.0.0/24
}

large_frames() { # of 64 KB, as on a loopback interface: much content in few of them
  ip -n "$client" link set eth0 mtu 65000
  ip -n "$server" link set eth0 mtu 65000
}

serve_ssh() { # PORT
  ssh-keygen -q -t ed25519 -N '' -f "$work/host"
  ssh-keygen -q -t ed25519 -N '' -f "$work/key"
  printf '%s\n' "HostKey $work/host" "AuthorizedKeysFile $work/key.pub" 'PermitRootLogin prohibit-password' \
    'PasswordAuthentication no' 'StrictModes no' 'UsePAM no' 'PidFile none' >"$work/sshd_config"
  mkdir -p /run/sshd
  in_server /usr/sbin/sshd -D -f "$work/sshd_config" -p "$1" 2>"$work/sshd" &
  wait_for 10 listening "$1"
}
as_root() { # PROGRAM [options] COMMAND
  local program=$1
  shift
  in_client timeout 60 "$program" -F none -i "$work/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
    "$@" >/dev/null 2>&1
}

serve_dhcp() { # NAMESPACE INTERFACE FIRST LAST: offers addresses
  printf '%s\n' "interface $2" "start $3" "end $4" 'max_leases 2' "lease_file $work/leases-$2" "pidfile $work/udhcpd-$2.pid" \
    'option subnet 255.255.255.0' 'option lease 600' >"$work/udhcpd-$2.conf"
  : >"$work/leases-$2"
  within "$1" busybox udhcpd -f "$work/udhcpd-$2.conf" >"$work/udhcpd-$2" 2>&1 &
  wait_for 10 eval "[ -n \"\$(ip netns exec $1 ss -Hlnu 'sport = :67')\" ]"
}
ask_dhcp() { in_client timeout 20 busybox udhcpc -i eth0 -f -q -n -t 3 -T 1 -s /bin/true >/dev/null 2>&1; }

serve_tls() { # PORT [s_server options]
  in_server openssl s_server -quiet -accept "$1" -cert "$work/server.pem" -key "$work/server.key" -www "${@:2}" >/dev/null 2>&1 &
  wait_for 10 listening "$1"
}
greet_tls() { # PORT [s_client options]
  printf 'GET / HTTP/1.0\r\n\r\n' | in_client timeout 10 openssl s_client -quiet -connect "203.0.113.7:$1" "${@:2}" >/dev/null 2>&1 || true
}

iodine_tunnel() { # [iodine options]
  stage
  in_server iodined -f -c -P throw-away 10.98.0.1/24 t.flowactors.example >"$work/iodined" 2>&1 &
  wait_for 10 listening 53
  record "$client" eth0
  in_client iodine -f -r -P throw-away "$@" 10.71.0.2 t.flowactors.example >"$work/iodine" 2>&1 &
  wait_for 30 ip -n "$client" addr show dev dns0
  wait_for 30 in_client ping -q -c 1 -W 1 10.98.0.1
  in_client ping -q -c 20 -i 0.2 -s 300 10.98.0.1 >/dev/null
}

bittorrent() { # a tracker, one who has the file, one who fetches it
  stage
  head -c 60000 /dev/urandom >"$work/thing.bin"
  mktorrent -a http://10.71.0.2:6969/announce -o "$work/thing.torrent" "$work/thing.bin" >/dev/null
  aria2c -S "$work/thing.torrent" | sed -n 's/^Info Hash: //p' >"$work/hashes"
  in_server opentracker -i 10.71.0.2 -p 6969 -d "$work" -w /hashes >"$work/tracker" 2>&1 &
  wait_for 10 listening 6969
  local aria=(aria2c --no-conf --quiet --enable-dht=false --enable-dht6=false --bt-enable-lpd=false --disable-ipv6 --bt-tracker-interval=1
    --no-proxy=10.71.0.2)
  mkdir "$work/fetched"
  in_server "${aria[@]}" --dir="$work" --listen-port=16881 --seed-ratio=0 --check-integrity=true "$work/thing.torrent" >/dev/null 2>&1 &
  wait_for 10 listening 16881
  sleep 1
  record "$client" eth0
  in_client timeout 40 "${aria[@]}" --dir="$work/fetched" --listen-port=16881 --seed-time=0 "$work/thing.torrent" >/dev/null 2>&1
}

dhcp() { # discover, offer, request, acknowledgement
  stage && serve_dhcp "$server" eth0 10.71.0.100 10.71.0.101 && record "$client" eth0
  ask_dhcp
}

dhcp-rogue() { # the same, and 10.71.0.66 on the wire between the two offers addresses as well
  stage switch && serve_relay
  ip -n "$switch" addr add 10.71.0.66/24 dev left
  serve_dhcp "$server" eth0 10.71.0.100 10.71.0.101
  serve_dhcp "$switch" left 10.71.0.200 10.71.0.201
  record "$client" eth0
  ask_dhcp
}

dns-browsing() { # what is no tunnel: 80 names of many sites, machine-made names of a content network, a list of addresses
  stage && serve_dns --address=/example/10.71.0.2 --address=/cdn.flowactors.example/10.71.0.2 && record "$client" eth0
  local i
  for i in {1..30}; do ask "www.site-$i.example" A; done
  for i in {1..25}; do ask "$(echo "$i" | md5sum | cut -c1-14).cdn.flowactors.example" A; done
  for i in {1..25}; do ask "$i.2.0.192.list.flowactors.example" A; done
}

dns-exfiltration() { # a file of 3,600 bytes, 60 in the labels of each name
  stage && serve_dns && record "$client" eth0
  local number=0 piece
  while read -r piece; do
    ask "$((++number)).${piece:0:48}.${piece:48}.t.flowactors.example" TXT
  done < <(head -c 3600 /dev/urandom | base32 -w 96 | tr '[:upper:]' '[:lower:]')
}

dns-iodine() { # a tunnel of iodine's with echoes of 300 bytes through it
  iodine_tunnel -T NULL
}

dns-iodine-txt() { # the same in questions of a common type
  iodine_tunnel -T TXT
}

long-lived() { # a session in which a line comes each 0.2 s; its times are stretched, so that 35 s become more than an hour
  stage && serve_ssh 22 && record "$client" eth0
  as_root ssh root@10.71.0.2 'for i in $(seq 170); do date; sleep 0.2; done'
  enough
  "$incident_programs/stretch" "$work/$name.pcap" 110
}

postgresql-tls() { # asks for TLS in the middle of the connection, as libpq does
  certificate && stage
  local bin=/usr/lib/postgresql/15/bin
  mkdir "$work/postgres" && chown postgres "$work/postgres" && chmod 711 "$work"
  as_postgres() { in_server setpriv --reuid=postgres --regid=postgres --clear-groups env -i LC_ALL=C PATH="$bin:/usr/bin:/bin" "$@"; }
  echo throw-away >"$work/password" && chmod 644 "$work/password"
  as_postgres initdb -D "$work/postgres/data" -A scram-sha-256 --pwfile="$work/password" -E UTF8 >/dev/null
  echo 'hostssl all all 10.71.0.0/24 scram-sha-256' >>"$work/postgres/data/pg_hba.conf"
  cp "$work/server.pem" "$work/server.key" "$work/postgres/" && chown postgres "$work/postgres"/server.*
  as_postgres postgres -D "$work/postgres/data" -h 10.71.0.2 -k "$work/postgres" -c ssl=on -c ssl_cert_file="$work/postgres/server.pem" \
    -c ssl_key_file="$work/postgres/server.key" 2>"$work/postgres.log" &
  wait_for 30 grep -q 'ready to accept' "$work/postgres.log"
  record "$client" eth0
  in_client env PGPASSWORD=throw-away PGSSLMODE=require PGCONNECT_TIMEOUT=10 psql -q -h 10.71.0.2 -U postgres -c 'select 1' >/dev/null
}

scan-connect() { # 60 ports by whole connections, as a user without rights scans
  stage && serve_http && record "$client" eth0
  in_client nmap -sT -n -Pn --disable-arp-ping -p 41-100 10.71.0.2 >/dev/null
}

scan-hosts() { # one port of 40 addresses, none of which answers
  stage && add_silence && record "$client" eth0
  in_client nmap -sS -n -Pn -p 445 --max-retries 1 10.99.0.1-40 >/dev/null
}

scan-syn() { # the 1,000 ports that nmap finds most worth it; three are open, and no handshake is completed
  stage && serve_http 'listen 80; listen 443; listen 8080;' && record "$client" eth0
  in_client nmap -sS -n -Pn --disable-arp-ping 10.71.0.2 >/dev/null
}

scan-udp() { # 60 ports of a host that doesn't answer
  stage && add_silence && record "$client" eth0
  in_client nmap -sU -n -Pn -p 100-159 --max-retries 0 -T5 10.99.0.1 >/dev/null
}

smtp-starttls() { # a letter; STARTTLS after the second greeting
  certificate && stage
  in_server /usr/bin/python3 -m aiosmtpd -n -c aiosmtpd.handlers.Sink -l 10.71.0.2:25 --tlscert "$work/server.pem" \
    --tlskey "$work/server.key" >/dev/null 2>&1 &
  wait_for 10 listening 25
  record "$client" eth0
  printf 'From: alice@flowactors.example\nTo: bob@flowactors.example\nSubject: Letter\n\nIt works.\n' |
    in_client msmtp --file=/dev/null --host=10.71.0.2 --port=25 --tls=on --tls-starttls=on --tls-certcheck=off --auth=off \
      --domain=client.flowactors.example --from=alice@flowactors.example bob@flowactors.example
}

ssh-443() { # where a firewall lets everything out
  stage && serve_ssh 443 && record "$client" eth0
  as_root ssh -p 443 root@10.71.0.2 'echo It works.'
}

ssh-old() { # OpenSSH 7.5 of 2017, which Debian keeps for old devices
  stage && serve_ssh 22 && record "$client" eth0
  as_root ssh1 -o KexAlgorithms=curve25519-sha256 root@10.71.0.2 'echo It works.'
}

stratum() { # a miner, who asks for the name of the pool, and a pool
  stage && serve_dns --host-record=pool.flowactors.example,10.71.0.2
  in_server /usr/bin/python3 "$incident_programs/stratum" pool 10.71.0.2 3333 &
  wait_for 10 listening 3333
  record "$client" eth0
  ask pool.flowactors.example A
  in_client timeout 20 /usr/bin/python3 "$incident_programs/stratum" mine 10.71.0.2 3333
}

tls-names() { # TLS 1.2: the certificate's own name, one under its wildcard, one too deep for it, a strange one, none
  certificate && stage
  openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 30 -out "$work/server.pem" \
    -extfile <(echo 'subjectAltName=DNS:www.flowactors.example,DNS:*.cdn.flowactors.example') 2>/dev/null
  add_outside && serve_tls 443 -tls1_2 && record "$client" eth0
  local asked
  for asked in www.flowactors.example image.cdn.flowactors.example a.b.cdn.flowactors.example elsewhere.example; do
    greet_tls 443 -servername "$asked"
  done
  greet_tls 443 -noservername
}

tls-old() { # TLS 1.0 on port 443, TLS 1.1 on 8443
  certificate && stage && add_outside
  serve_tls 443 -tls1 -cipher 'DEFAULT@SECLEVEL=0'
  serve_tls 8443 -tls1_1 -cipher 'DEFAULT@SECLEVEL=0'
  record "$client" eth0
  greet_tls 443 -servername www.flowactors.example -tls1 -cipher 'DEFAULT@SECLEVEL=0'
  greet_tls 8443 -servername www.flowactors.example -tls1_1 -cipher 'DEFAULT@SECLEVEL=0'
}

traceroute() { # what is no scan: 90 probes to as many ports, none answered
  stage && add_silence && record "$client" eth0
  in_client traceroute -n -w 0.3 10.99.0.1 >/dev/null
}

transfer-large() { # 102 MB in frames of 64 KB, 68 bytes of each
  stage && large_frames
  in_server iperf3 -s -1 >/dev/null &
  wait_for 10 listening 5201
  record "$client" eth0 -s 68
  in_client timeout 30 iperf3 -c 10.71.0.2 -b 400M -l 60K -n 102000000 >/dev/null
}

upload() { # 54 MB to an outside host in three pieces, 68 bytes of each frame
  stage && add_outside && large_frames
  in_server /usr/bin/python3 "$incident_programs/take" 203.0.113.7 8000 &
  wait_for 10 listening 8000
  head -c 18000000 /dev/zero >"$work/piece"
  record "$client" eth0 -s 68
  local i
  for i in 1 2 3; do
    in_client curl -sS --max-time 20 --noproxy '*' -T "$work/piece" "http://203.0.113.7:8000/piece-$i" >/dev/null
  done
}

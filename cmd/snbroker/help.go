package main

const help = `snbroker is an MQTT-SN gateway and an MQTT broker in one program. Devices reach
it with MQTT-SN over UDP, DTLS or a serial line, other programs with MQTT 3.1,
3.1.1 or 5.0 over TCP, TLS or WebSocket.

Usage:
  snbroker [-config FILE] [-v]    run
  snbroker check -config FILE     tell all that is wrong with a file
  snbroker config [-config FILE]  print the settings in force, and from where
  snbroker import FILE ...        make a config.toml of another program's files
  snbroker passwd ... FILE USER   set a password in a file of users; see -help
  snbroker store ...              look into what is on the disk; see store -help
  snbroker clients|kick|topics|trace
                                  look into a running one; see trace -help
  snbroker version                tell what was built, and from what

Without -config it listens on this machine alone, on 127.0.0.1 and ::1: MQTT on
TCP port 1883, MQTT-SN on UDP port 1883, the dashboard on TCP port 8080. What
has to survive a restart goes into the folder "data".

  -config FILE   read the settings from FILE. The config.toml that comes with
                 snbroker has every setting, its default and what it is for,
                 and presets for Thread, Paho, RSMB and EMQX devices: start
                 from a copy of it
  -v, -debug     log what clients and devices do

Examples:
  snbroker
      then, elsewhere:  mosquitto_sub -t '#' -v
                        mosquitto_pub -t hello -m world
  snbroker -config /etc/snbroker/config.toml
  snbroker check -config my.toml && kill -HUP $(pidof snbroker)

Signals:
  SIGTERM, SIGINT   end: devices and clients are told, exit code 0; a second one
                    ends at once
  SIGHUP            read FILE again, and all files that it names. Listeners,
                    limits, users, certificates and the rest change without a
                    restart: who comes meets the new settings, and who is there
                    is disconnected where it would not be let in any more. What
                    needs a restart is named in the log. A bad file changes
                    nothing

Environment:
  Each setting has a variable that goes before the file: SNBROKER_ and its name
  in capitals, as in SNBROKER_LIMITS_MAX_QUEUED=500. Listeners have numbers, as
  in SNBROKER_MQTT_LISTENER_0_ADDRESS=:1883. docs/environment.md has the rest.

The log goes to stderr, without times under systemd, which adds its own.

For a diagnosis, SNBROKER_PPROF=127.0.0.1:6060 in the environment serves Go's
profiles at http://127.0.0.1:6060/debug/pprof/. Keep that address private.

Exit codes: 0 ended as asked, 1 failed, 2 wrong usage.
`

module snbroker

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0 // indirect
	github.com/tidwall/btree v1.8.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

module sluice.dev/pause

go 1.24

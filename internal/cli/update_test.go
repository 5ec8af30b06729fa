package cli

import "flag"

var (
	update  = flag.Bool("update", false, "rewrite what scripts and goldens expect")
	release = flag.String("release", "", "with -update: the release whose histories to record")
)

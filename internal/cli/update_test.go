package cli

import "flag"

var update = flag.Bool("update", false, "rewrite what scripts and goldens expect")

// Command groma takes a census of the code behind a landscape.
package main

import (
	"os"

	"groma/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Process()))
}

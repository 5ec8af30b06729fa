//go:build !linux

package doctor

import "runtime"

// filesystem cannot be told here.
func filesystem(string) (kind string, remote bool) { return "", false }

func thisMachine() machine { return machine{processors: runtime.GOMAXPROCS(0)} }

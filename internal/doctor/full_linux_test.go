package doctor

import (
	"strings"
	"syscall"
	"testing"
)

// TestExamine_Full has a disk of 32 KiB, where one may be had.
func TestExamine_Full(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=32k"); err != nil {
		t.Skipf("no disk may be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	c := laptop(t)
	c.space = freeSpace
	c.Engine.Data, c.TempDir = disk, disk
	found := examine(t, c)
	for _, name := range []string{"data folder", "temporary files"} {
		if check := found[name]; check.Verdict != Failed || !strings.HasPrefix(check.Next, "free some") {
			t.Errorf("%+v, want it failed for want of space", check)
		}
	}
}

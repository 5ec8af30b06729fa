//go:build linux || darwin || freebsd || netbsd

package artefact

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// sumAttribute is the extended attribute of a file that has its checksum. It
// lies in the file's inode, so it comes and goes with the file in one step.
const sumAttribute = "user.groma.sha256"

// setSum keeps the checksum of a file, unless the file system has no room for
// such things anywhere: then it is read as an earlier version's.
func setSum(file *os.File, sum string) error {
	err := unix.Fsetxattr(int(file.Fd()), sumAttribute, []byte(sum), 0)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}

// getSum is the checksum that is kept of a file, empty for none.
func getSum(file *os.File) string {
	sum := make([]byte, 2*longest)
	n, err := unix.Fgetxattr(int(file.Fd()), sumAttribute, sum)
	if err != nil {
		return ""
	}
	return string(sum[:n])
}

//go:build linux || darwin

package doctor

import "syscall"

// freeSpace is how many bytes this user may write on the disk a folder is on.
func freeSpace(folder string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// elsewhere are the numbers that statfs has for file systems of other machines.
var elsewhere = map[uint32]string{
	0x6969:     "NFS",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB",
	0x517b:     "SMB",
	0x01021997: "9P",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x5346414f: "AFS",
	0x65735546: "FUSE", // which may be local, but rarely has locks that hold
}

// filesystem says of what kind the one is that a folder is on, and whether it
// is another machine's, as far as can be told.
func filesystem(folder string) (kind string, remote bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return "", false
	}
	kind, remote = elsewhere[uint32(s.Type)]
	return kind, remote
}

// thisMachine reads what the kernel says, and the bounds of control groups.
func thisMachine() machine {
	m := machine{processors: runtime.GOMAXPROCS(0)}
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			m.memory = kib << 10
		}
	}
	own, _ := os.ReadFile("/proc/self/cgroup")
	for group := range strings.Lines(string(own)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(group), "0::"); ok {
			m.bound(filepath.Join("/sys/fs/cgroup", path))
		}
	}
	return m
}

// bound takes what a control group, and those it is in, leave of the memory.
func (m *machine) bound(group string) {
	for ; strings.HasPrefix(group, "/sys/fs/cgroup"); group = filepath.Dir(group) {
		most, err := readNumber(filepath.Join(group, "memory.max"))
		if err != nil {
			continue // "max", or no such file
		}
		used, _ := readNumber(filepath.Join(group, "memory.current"))
		if left := max(1, most-used+reclaimable(group)); m.memory == 0 || left < m.memory {
			m.memory = left
		}
	}
}

// reclaimable is what a control group holds of files that may be let go.
func reclaimable(group string) int64 {
	text, _ := os.ReadFile(filepath.Join(group, "memory.stat"))
	for line := range strings.Lines(string(text)) {
		if number, ok := strings.CutPrefix(strings.TrimSpace(line), "inactive_file "); ok {
			n, _ := strconv.ParseInt(number, 10, 64)
			return n
		}
	}
	return 0
}

func readNumber(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

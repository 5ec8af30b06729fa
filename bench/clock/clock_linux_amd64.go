package clock

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stepped is what takes the place of the function by which a process asks for
// the time (see vdso(7)): it asks the kernel instead, and adds what the slot
// behind it holds to the seconds, if the question was for the wall clock.
var stepped = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov  eax, 228        clock_gettime
	0x0f, 0x05, //                   syscall              keeps rdi and rsi
	0x85, 0xff, //                   test edi, edi        CLOCK_REALTIME is 0
	0x75, 0x0a, //                   jne  done
	0x48, 0x8b, 0x15, 6, 0, 0, 0, // mov  rdx, [rip+6]    the slot
	0x48, 0x01, 0x16, //             add  [rsi], rdx      seconds
	0xc3,       //                   done: ret
	0xcc, 0xcc, // until the slot is aligned
	0, 0, 0, 0, 0, 0, 0, 0, // the slot
}

const slotAt = 24

// hold puts stepped in its place, in this process's copy alone.
func (c *Clock) hold() error {
	at, size, err := c.find()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if size < uint64(len(stepped)) || at%8 != 0 {
		return fmt.Errorf("%w: no room for %d bytes in %d at %x", ErrUnsupported, len(stepped), size, at)
	}
	c.slot = int64(at) + slotAt
	outside := func(pc uint64) bool { return pc < at || pc >= at+size }
	return c.whileStopped(outside, func() error { return c.write(stepped, int64(at)) })
}

func (c *Clock) set() error {
	slot := binary.LittleEndian.AppendUint64(nil, uint64(c.seconds))
	return c.whileStopped(func(uint64) bool { return true }, func() error { return c.write(slot, c.slot) })
}

func (c *Clock) path(name string) string { return filepath.Join("/proc", strconv.Itoa(c.pid), name) }

func (c *Clock) write(data []byte, at int64) error {
	memory, err := os.OpenFile(c.path("mem"), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	defer memory.Close()
	if _, err := memory.WriteAt(data, at); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return nil
}

// find finds clock_gettime in what the kernel has mapped into the process.
func (c *Clock) find() (at, size uint64, err error) {
	begin, image, err := c.image()
	if err != nil {
		return 0, 0, err
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, 0, err
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, 0, err
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" {
			return begin + s.Value, s.Size, nil
		}
	}
	return 0, 0, errors.New("its vdso has no clock_gettime")
}

// image is the vdso of the process, and where it begins.
func (c *Clock) image() (begin uint64, image []byte, err error) {
	maps, err := os.ReadFile(c.path("maps"))
	if err != nil {
		return 0, nil, err
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			continue
		}
		var end uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &begin, &end); err != nil {
			return 0, nil, err
		}
		memory, err := os.Open(c.path("mem"))
		if err != nil {
			return 0, nil, err
		}
		defer memory.Close()
		image = make([]byte, end-begin)
		_, err = memory.ReadAt(image, int64(begin))
		return begin, image, err
	}
	return 0, nil, errors.New("it has no vdso")
}

// patience is for a process to stop, with all of its threads where they may be.
const patience = 10 * time.Second

// whileStopped calls do while all threads of the process stand still, each where
// it is allowed to.
func (c *Clock) whileStopped(allowed func(pc uint64) bool, do func() error) error {
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if err := syscall.Kill(c.pid, syscall.SIGSTOP); err != nil {
			return err
		}
		still, err := c.still(until, allowed)
		if err == nil && still {
			err = do()
		}
		if err := errors.Join(err, syscall.Kill(c.pid, syscall.SIGCONT)); err != nil || still {
			return err
		}
	}
	return fmt.Errorf("process %d did not stop in %s where its clock may be set", c.pid, patience)
}

// still waits for all threads to have stopped, and says whether each stands where
// it is allowed to.
func (c *Clock) still(until time.Time, allowed func(pc uint64) bool) (bool, error) {
	for time.Now().Before(until) {
		threads, err := filepath.Glob(c.path("task/*"))
		if err != nil || len(threads) == 0 {
			return false, fmt.Errorf("process %d has no threads: %w", c.pid, errors.Join(err, os.ErrProcessDone))
		}
		stopped, ok := 0, true
		for _, thread := range threads {
			if pc, halted := standsAt(thread); halted {
				stopped++
				ok = ok && allowed(pc)
			}
		}
		if stopped == len(threads) {
			return ok, nil
		}
		time.Sleep(time.Millisecond)
	}
	return false, nil
}

// standsAt is the instruction at which a thread has stopped, if it has.
func standsAt(thread string) (pc uint64, stopped bool) {
	stat, err := os.ReadFile(filepath.Join(thread, "stat"))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]), " ")
	if !strings.HasPrefix(after, "T") {
		return 0, false
	}
	call, err := os.ReadFile(filepath.Join(thread, "syscall"))
	fields := strings.Fields(string(call))
	if err != nil || len(fields) < 3 {
		return 0, false
	}
	pc, err = strconv.ParseUint(strings.TrimPrefix(fields[len(fields)-1], "0x"), 16, 64)
	return pc, err == nil
}

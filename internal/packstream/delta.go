package packstream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"groma/internal/fault"
)

// A delta is the size of its base, the size of its result, and then commands:
// copy a stretch of the base, or insert what follows.

// patched is what a delta makes of its base: size bytes.
func patched(base, delta []byte, size int64) ([]byte, error) {
	from, used := binary.Uvarint(delta)
	if used <= 0 || from != uint64(len(base)) {
		return nil, errMalformed
	}
	delta = delta[used:]
	to, used := binary.Uvarint(delta)
	if used <= 0 || to != uint64(size) {
		return nil, errMalformed
	}
	in := bytes.NewReader(delta[used:])
	out := make([]byte, 0, size)
	for in.Len() > 0 {
		command, _ := in.ReadByte()
		stretch := base
		at, length := uint64(0), uint64(command)
		if command&0x80 != 0 {
			var err error
			if at, length, err = copyCommand(command, in); err != nil {
				return nil, err
			}
		} else {
			at = uint64(len(delta) - in.Len())
			stretch = delta
			in.Seek(int64(command), io.SeekCurrent)
		}
		if length == 0 || at > uint64(len(stretch)) || length > uint64(len(stretch))-at || length > uint64(cap(out)-len(out)) {
			return nil, errMalformed
		}
		out = append(out, stretch[at:at+length]...)
	}
	if int64(len(out)) != size {
		return nil, errMalformed
	}
	return out, nil
}

// applyDelta writes what a delta makes of its base. It holds no more than a
// buffer of either. It may run on a goroutine of its own.
func applyDelta(base *contents, delta io.Reader, out io.Writer) (err error) {
	defer fault.Catch(&err)
	in := bufio.NewReader(delta)
	from, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	left, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	if from != uint64(base.size()) {
		return errMalformed
	}
	for {
		command, err := in.ReadByte()
		if err == io.EOF && left == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		var stretch io.Reader = in
		length := uint64(command)
		if command&0x80 != 0 {
			var at uint64
			if at, length, err = copyCommand(command, in); err != nil {
				return err
			}
			if at > from || length > from-at {
				return errMalformed
			}
			stretch = io.NewSectionReader(base, int64(at), int64(length))
		}
		if length == 0 || length > left {
			return errMalformed
		}
		left -= length
		if _, err := io.CopyN(out, stretch, int64(length)); err != nil {
			return err
		}
	}
}

// copyCommand reads where to copy from and how much: four bytes and three, of
// which the command's bits say which are there.
func copyCommand(command byte, in io.ByteReader) (at, length uint64, err error) {
	for i := range 7 {
		if command>>i&1 == 0 {
			continue
		}
		b, err := in.ReadByte()
		if err != nil {
			return 0, 0, err
		}
		if i < 4 {
			at |= uint64(b) << (8 * i)
		} else {
			length |= uint64(b) << (8 * (i - 4))
		}
	}
	if length == 0 {
		length = 0x10000
	}
	return at, length, nil
}

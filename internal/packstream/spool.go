package packstream

import (
	"io"

	"groma/internal/fault"
)

// spool keeps what is written to it, in memory up to a budget and beyond that
// in a file. What is written may be read, once written from many goroutines.
type spool struct {
	budget int64
	temp   func() (File, error)
	size   int64
	chunks [][]byte
	file   File
}

const chunkSize = 256 << 10

func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && s.size+int64(len(p)) > s.budget {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	if s.file != nil {
		n, err := s.file.Write(p)
		s.size += int64(n)
		return n, noRoom(err)
	}
	for rest := p; len(rest) > 0; {
		last := len(s.chunks) - 1
		if last < 0 || len(s.chunks[last]) == chunkSize {
			s.chunks = append(s.chunks, make([]byte, 0, chunkSize))
			last++
		}
		n := min(len(rest), chunkSize-len(s.chunks[last]))
		s.chunks[last] = append(s.chunks[last], rest[:n]...)
		rest = rest[n:]
	}
	s.size += int64(len(p))
	return len(p), nil
}

// spill moves what there is to a file.
func (s *spool) spill() error {
	f, err := s.temp()
	if err != nil {
		return noRoom(err)
	}
	for _, chunk := range s.chunks {
		if _, err := f.Write(chunk); err != nil {
			f.Close()
			return noRoom(err)
		}
	}
	s.file, s.chunks = f, nil
	return nil
}

// noRoom is a failure of this machine, not of the remote: a full disk, most
// likely, which another worker may not have.
func noRoom(err error) error {
	if err == nil {
		return nil
	}
	return fault.Errorf(fault.Unavailable, "the pack cannot be kept: %w", err)
}

func (s *spool) ReadAt(p []byte, at int64) (int, error) {
	if s.file != nil {
		return s.file.ReadAt(p, at)
	}
	n := 0
	for n < len(p) && at < s.size {
		c := copy(p[n:], s.chunks[at/chunkSize][at%chunkSize:])
		n += c
		at += int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *spool) close() error {
	s.chunks = nil
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

package packstream

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"groma/internal/fault"
)

// contents is one object put together, in memory or in a file. What is in
// memory may be shared and must not be changed.
type contents struct {
	data []byte
	temp *spool
}

func (c *contents) reader() io.Reader { return io.NewSectionReader(c, 0, c.size()) }

func (c *contents) size() int64 {
	if c.temp != nil {
		return c.temp.size
	}
	return int64(len(c.data))
}

func (c *contents) ReadAt(b []byte, at int64) (int, error) {
	if c.temp != nil {
		return c.temp.ReadAt(b, at)
	}
	return bytes.NewReader(c.data).ReadAt(b, at)
}

func (c *contents) release() {
	if c.temp != nil {
		c.temp.close()
	}
}

// whole puts an object together from the raw pack, as far as the cache does
// not have it.
func (p *Pack) whole(i int32) (*contents, error) {
	var chain []int32 // deltas yet to be applied, the last first
	at := i
	data, ok := p.recent.get(at)
	for ; !ok && p.at(at).base != noBase; data, ok = p.recent.get(at) {
		chain = append(chain, at)
		at = p.at(at).base
	}
	c := &contents{data: data}
	if !ok {
		var err error
		if c, err = p.gather(at, p.inflated(at)); err != nil {
			return nil, err
		}
	}
	for _, next := range slices.Backward(chain) {
		if err := p.stopped(); err != nil { // each step may be as large as an object may be
			c.release()
			return nil, err
		}
		patched, err := p.patch(c, next)
		c.release()
		if err != nil {
			return nil, err
		}
		c = patched
	}
	return c, nil
}

// gather reads an object to its end, into memory if it is small.
func (p *Pack) gather(i int32, from io.Reader) (*contents, error) {
	size := p.at(i).size
	if size > p.small {
		temp := &spool{temp: p.temp}
		n, err := io.Copy(temp, io.LimitReader(from, size+1))
		if err != nil || n != size {
			temp.close()
			return nil, damaged(err)
		}
		return &contents{temp: temp}, nil
	}
	data, err := readExactly(from, size)
	if err != nil {
		return nil, err
	}
	p.recent.put(i, data)
	return &contents{data: data}, nil
}

// patch applies the delta i to its base.
func (p *Pack) patch(base *contents, i int32) (*contents, error) {
	delta := p.inflated(i)
	if base.temp != nil || p.at(i).size > p.small {
		return p.patchLarge(base, i, delta)
	}
	commands, err := io.ReadAll(delta)
	if err != nil {
		return nil, damaged(err)
	}
	data, err := patched(base.data, commands, p.at(i).size)
	if err != nil {
		return nil, damaged(err)
	}
	p.recent.put(i, data)
	return &contents{data: data}, nil
}

// patchLarge is patch for what does not fit into memory.
func (p *Pack) patchLarge(base *contents, i int32, delta io.Reader) (*contents, error) {
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() { // ends once the pipe is read to its end, or closed below
		defer close(done)
		in.CloseWithError(applyDelta(base, delta, in))
	}()
	c, err := p.gather(i, out)
	out.Close()
	<-done // before anybody lets go of the base
	return c, err
}

// damaged is for what a checked pack cannot be made to yield.
func damaged(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errMalformed
	}
	return fault.Errorf(fault.Invalid, "its pack is damaged: %v", err)
}

// readExactly reads size bytes and then the end, which gives back what the
// reader has borrowed.
func readExactly(r io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, damaged(err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || err != nil && err != io.EOF {
		return nil, damaged(err)
	}
	return data, nil
}

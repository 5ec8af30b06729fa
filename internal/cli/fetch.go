package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	gromav1 "groma/proto/groma/v1"
)

// receive asks for a report and hands each of its files to write, one after the
// other. What write leaves unread is passed over.
func (a *api) receive(ctx context.Context, request *gromav1.GetReportRequest, write func(name string, content io.Reader) error) error {
	stream, err := a.GetReport(ctx, request)
	if err != nil {
		return said(err)
	}
	defer stream.Close()
	next, err := stream.Receive()
	for err == nil {
		file := &parts{stream: stream, name: next.File, rest: next.Data}
		if err := write(file.name, file); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, file); err != nil {
			return err
		}
		next, err = file.next, file.err
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return said(err)
}

// parts reads one file of a stream of files.
type parts struct {
	stream interface {
		Receive() (*gromav1.GetReportResponse, error)
	}
	name string
	rest []byte
	next *gromav1.GetReportResponse // the first part of the file after it
	err  error                      // how the stream ended
}

func (p *parts) Read(to []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.next != nil || errors.Is(p.err, io.EOF) {
			return 0, io.EOF
		}
		if p.err != nil {
			return 0, said(p.err)
		}
		part, err := p.stream.Receive()
		switch {
		case err != nil:
			p.err = err
		case part.File != p.name:
			p.next = part
		default:
			p.rest = part.Data
		}
	}
	n := copy(to, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// save writes every file of a report to a folder and returns their paths. A
// file that is there is replaced at once, when the new one is whole.
func (a *api) save(ctx context.Context, request *gromav1.GetReportRequest, folder string) (written []string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make the report's folder: %w", err)
	}
	err = a.receive(ctx, request, func(name string, content io.Reader) error {
		path := filepath.Join(folder, filepath.Base(name)) // a server's word leads nowhere else
		if err := writeFile(path, func(out io.Writer) error { _, err := io.Copy(out, content); return err }); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		written = append(written, path)
		return nil
	})
	return written, err
}

// print prints every file of a report.
func (a *api) print(ctx context.Context, request *gromav1.GetReportRequest, out io.Writer) error {
	return a.receive(ctx, request, func(_ string, content io.Reader) error {
		_, err := io.Copy(out, content)
		return err
	})
}

// text is a report of one file, whole: for short ones.
func (a *api) text(ctx context.Context, request *gromav1.GetReportRequest) (string, error) {
	var text bytes.Buffer
	err := a.print(ctx, request, &text)
	return text.String(), err
}

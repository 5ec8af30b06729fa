package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// receiving is the argument by which this program is started as a receiver.
const receiving = "receive"

// receive asks a repository for its head at depth 1, as a census does, and
// throws the pack away. It speaks protocol v2 only.
func receive(ctx context.Context, address string) error {
	r := receiver{address: address}
	if err := r.advertised(ctx); err != nil {
		return err
	}
	head, err := r.head(ctx)
	if err != nil {
		return err
	}
	answer, err := r.ask(ctx, "command=fetch", "ofs-delta", "no-progress", "want "+head, "deepen 1", "done")
	if err != nil {
		return err
	}
	defer answer.Close()
	return discard(answer)
}

type receiver struct{ address string }

func (r receiver) advertised(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address+"/info/refs?service=git-upload-pack", nil)
	if err != nil {
		return err
	}
	answer, err := send(request)
	if err != nil {
		return err
	}
	defer answer.Close()
	capabilities, err := io.ReadAll(answer)
	if err == nil && !bytes.Contains(capabilities, []byte("version 2\n")) {
		err = errors.New(r.address + " does not speak protocol v2")
	}
	return err
}

func (r receiver) head(ctx context.Context) (string, error) {
	answer, err := r.ask(ctx, "command=ls-refs", "ref-prefix HEAD")
	if err != nil {
		return "", err
	}
	defer answer.Close()
	refs, err := io.ReadAll(answer)
	if err != nil {
		return "", err
	}
	hash, _, ok := strings.Cut(string(refs[min(4, len(refs)):]), " HEAD")
	if !ok {
		return "", fmt.Errorf("%s says of its HEAD: %q", r.address, refs)
	}
	return hash, nil
}

// ask sends a command of protocol v2 with its arguments.
func (r receiver) ask(ctx context.Context, command string, arguments ...string) (io.ReadCloser, error) {
	body := packet(command+"\n") + packet("object-format=sha1\n") + "0001"
	for _, argument := range arguments {
		body += packet(argument + "\n")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address+"/git-upload-pack", strings.NewReader(body+"0000"))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	return send(request)
}

// packet is a line as git frames it: its length in four hexadecimal digits.
func packet(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }

func send(request *http.Request) (io.ReadCloser, error) {
	request.Header.Set("Git-Protocol", "version=2")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("%s: %s", request.URL, answer.Status)
	}
	return answer.Body, nil
}

// discard reads an answer to its end, and makes sure that it was a pack and
// whole: it begins with a section and ends with a flush.
func discard(answer io.Reader) error {
	first := make([]byte, len("0011shallow-info"))
	if _, err := io.ReadFull(answer, first); err != nil {
		return err
	}
	if section := first[4:]; string(section) != "shallow-info" && !bytes.HasPrefix(section, []byte("packfile")) {
		return fmt.Errorf("instead of a pack came %q", first)
	}
	var last ending
	if _, err := io.Copy(&last, answer); err != nil {
		return err
	}
	if string(last) != "0000" {
		return fmt.Errorf("the pack was cut off")
	}
	return nil
}

// An ending keeps the last four bytes written to it.
type ending []byte

func (e *ending) Write(p []byte) (int, error) {
	kept := append(*e, p[max(0, len(p)-4):]...)
	*e = append((*e)[:0], kept[max(0, len(kept)-4):]...)
	return len(p), nil
}

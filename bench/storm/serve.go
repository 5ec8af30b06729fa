package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// A server is 'groma serve', life after life on one data folder.
type server struct {
	s       *storm
	dir     string
	address string
	life    *life
}

const secret = "a secret for the storm alone"

func (v *server) start(ctx context.Context) (err error) {
	file := filepath.Join(v.dir, "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", v.s.portBase+49)
	v.address = "http://" + listen
	v.life, err = v.s.beginCommand(ctx, append([]string{"serve", "--listen", listen, "--github-secret-file", file}, v.s.alone(v.dir)...))
	if err != nil {
		return err
	}
	for {
		if response, err := http.Get(v.address + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-v.life.ended:
			return fmt.Errorf("the server ended: %w\n%s", v.life.err, v.life.saying())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// again kills the server and starts it once more.
func (v *server) again(ctx context.Context) error {
	v.life.kill()
	return v.start(ctx)
}

// killServer kills a server in mid-survey, and then while it does what webhooks
// asked for. From these on every repository has the head of the next one: the
// rescans are done when the report says so.
func (s *storm) killServer(ctx context.Context, dir string) ([]outcome, error) {
	v := &server{s: s, dir: dir}
	if err := v.start(ctx); err != nil {
		return nil, err
	}
	defer func() { v.life.kill() }()
	first, err := s.killInSurvey(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("in mid-survey: %w", err)
	}
	second, err := s.killInQueue(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("in the queue: %w", err)
	}
	return []outcome{*first, *second}, nil
}

func (s *storm) killInSurvey(ctx context.Context, v *server) (*outcome, error) {
	l, err := s.begin(ctx, v.dir, "--server", v.address)
	if err != nil {
		return nil, err
	}
	defer l.kill()
	for i := range s.lives {
		if err := l.live(1 + i*len(s.names)/(s.lives+1)); err != nil {
			return nil, err
		}
		if err := v.again(ctx); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(unlessEnded(l), l.wait(15*time.Minute), s.same(v.dir)); err != nil {
		return nil, err
	}
	again, err := s.overAsked(filepath.Join(v.dir, "data", "store"))
	return &outcome{fault: "kill -9 of `groma serve` in mid-survey; the command that watches goes on by itself", times: fmt.Sprintf("%d kills", s.lives), again: again, wall: time.Since(l.begun), calm: s.wall}, err
}

func (s *storm) killInQueue(ctx context.Context, v *server) (*outcome, error) {
	s.host.set(weather{onward: true})
	begun := time.Now()
	for _, name := range s.names {
		if err := deliver(ctx, v.address, s.from+name, name); err != nil {
			return nil, err
		}
	}
	for range s.queue {
		if err := sleep(ctx, s.between(0, 3*time.Second)); err != nil {
			return nil, err
		}
		if err := v.again(ctx); err != nil {
			return nil, err
		}
	}
	editions, err := s.awaitOnward(ctx, v)
	if err != nil {
		return nil, err
	}
	return &outcome{
		fault: "kill -9 of `groma serve` at random moments after a webhook for each repository was answered 202",
		times: fmt.Sprintf("%d kills, %d webhooks", s.queue, len(s.names)), wall: time.Since(begun),
		again: fmt.Sprintf("0 webhooks lost: all are in the report, in %d editions", editions),
	}, nil
}

// deliver sends a webhook as GitHub does, which is to be answered 202.
func deliver(ctx context.Context, server, address, delivery string) error {
	body, err := json.Marshal(map[string]any{
		"ref": "refs/heads/main", "after": "0123456789012345678901234567890123456789",
		"repository": map[string]string{"clone_url": address + ".git", "default_branch": "main"},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/webhooks/github", bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write(body)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": delivery,
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(sum.Sum(nil)),
	} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the webhook of %s was answered %s, want 202", address, response.Status)
	}
	return nil
}

// commits are the commits that a report has, by OWNER/NAME, and its edition.
func commits(report []byte) (of map[string]string, edition int64, err error) {
	var facts struct {
		Survey       struct{ Edition struct{ Number json.Number } }
		Repositories []struct{ Owner, Name, Commit string }
	}
	if err := json.Unmarshal(report, &facts); err != nil {
		return nil, 0, err
	}
	of = map[string]string{}
	for _, r := range facts.Repositories {
		of[r.Owner+"/"+r.Name] = r.Commit
	}
	if facts.Survey.Edition.Number != "" {
		edition, err = facts.Survey.Edition.Number.Int64()
	}
	return of, edition, err
}

// awaitOnward waits until the latest report has the commits of the repositories
// that come next.
func (s *storm) awaitOnward(ctx context.Context, v *server) (editions int64, err error) {
	want, _, err := commits(s.want)
	if err != nil {
		return 0, err
	}
	out := filepath.Join(v.dir, "latest")
	for until := time.Now().Add(10 * time.Minute); ; {
		l, err := s.beginCommand(ctx, []string{"report", "--server", v.address, "--format", "facts", "--out", out})
		if err != nil {
			return 0, err
		}
		if err := l.wait(time.Minute); err != nil {
			return 0, err
		}
		data, err := os.ReadFile(filepath.Join(out, "report.json"))
		if err != nil {
			return 0, err
		}
		got, edition, err := commits(data)
		missing := s.behindhand(want, got)
		if err != nil || len(missing) == 0 {
			return edition, err
		}
		if time.Now().After(until) {
			return 0, fmt.Errorf("%d rescans are not done after ten minutes: %v", len(missing), missing)
		}
		if err := sleep(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}

// behindhand are the repositories that have not the commit of the next one.
func (s *storm) behindhand(before, now map[string]string) []string {
	missing := []string{}
	for _, name := range s.names {
		if now[name] != before[next(s.names, name)] {
			missing = append(missing, name)
		}
	}
	return missing
}

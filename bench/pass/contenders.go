package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"groma/bench"
)

// forge is where the repositories are said to be, so that they keep their keys
// whichever host they come from.
const forge = "https://github.com/"

func mirror(host string) string { return "--mirror=" + forge + "=" + host + "/" }

// census takes one census.
func (p *pass) census(host string) bench.Contender {
	return bench.Contender{Name: "groma census", Run: func(ctx context.Context) (bench.Sample, error) {
		return bench.Run(bench.Command(ctx, p.groma, "census", forge+p.repository, "--json", mirror(host)))
	}}
}

// cloneAndCount is what one does without us: $0 is the address, $1 the folder,
// $2 scc.
const cloneAndCount = `git clone --quiet --depth 1 "$0" "$1" && "$2" "$1" >/dev/null`

// clone clones and counts one repository.
func (p *pass) clone(host string) bench.Contender {
	return bench.Contender{Name: "clone, scc", Run: func(ctx context.Context) (bench.Sample, error) {
		folder := p.fresh("clone")
		sample, err := bench.Run(bench.Command(ctx, "sh", "-c", cloneAndCount, host+"/"+p.repository, folder, p.scc))
		return sample, firstOf(err, tidy(folder))
	}}
}

// discard receives the pack that a census would and throws it away.
func (p *pass) discard(host string) bench.Contender {
	return bench.Contender{Name: "receive, discard", Run: func(ctx context.Context) (bench.Sample, error) {
		return bench.Run(bench.Command(ctx, p.self, receiving, host+"/"+p.repository))
	}}
}

// survey surveys the landscape with nothing kept from before.
func (p *pass) survey(host string) bench.Contender {
	return bench.Contender{Name: "groma survey", Run: func(ctx context.Context) (bench.Sample, error) {
		data := p.fresh("data")
		cmd, err := p.surveyOver(ctx, host, data)
		if err != nil {
			return bench.Sample{}, err
		}
		sample, err := bench.Run(cmd)
		return sample, firstOf(err, tidy(data))
	}}
}

// again surveys the landscape over the data of an earlier survey.
func (p *pass) again(host, data string) bench.Contender {
	return bench.Contender{Name: "groma survey again", Run: func(ctx context.Context) (bench.Sample, error) {
		cmd, err := p.surveyOver(ctx, host, data)
		if err != nil {
			return bench.Sample{}, err
		}
		return bench.Run(cmd)
	}}
}

func (p *pass) surveyOver(ctx context.Context, host, data string) (*exec.Cmd, error) {
	list := filepath.Join(p.folder, "landscape.txt")
	lines := forge + strings.Join(p.repositories, "\n"+forge) + "\n"
	if err := os.WriteFile(list, []byte(lines), 0o644); err != nil {
		return nil, err
	}
	// Of histories the loop learns nothing, either.
	return bench.Command(ctx, p.groma, "survey", list, "--no-vitals", "--data", data, "--out", filepath.Join(p.folder, "report"), mirror(host)), nil
}

// loop clones and counts every repository of the landscape, some at once.
func (p *pass) loop(host string) bench.Contender {
	name := fmt.Sprintf("xargs -P %d of clone, scc", p.width)
	return bench.Contender{Name: name, Run: func(ctx context.Context) (bench.Sample, error) {
		folder := p.fresh("loop")
		cmd := bench.Command(ctx, "xargs", "-0", "-P", strconv.Itoa(p.width), "-n", "3", "sh", "-c", cloneAndCount)
		cmd.Stdin = strings.NewReader(p.loopArguments(host, folder))
		sample, err := bench.Run(cmd)
		return sample, firstOf(err, tidy(folder))
	}}
}

// loopArguments is the three arguments of cloneAndCount for each repository.
func (p *pass) loopArguments(host, folder string) string {
	var arguments strings.Builder
	for _, repository := range p.repositories {
		for _, argument := range []string{host + "/" + repository, filepath.Join(folder, repository), p.scc} {
			arguments.WriteString(argument + "\x00")
		}
	}
	return arguments.String()
}

// received runs what a host is asked for by contend once each, without the
// clock, and says how many bytes came.
func received(ctx context.Context, host string, contend func(host string) []bench.Contender) ([]float64, error) {
	proxy, err := bench.NewProxy(host)
	if err != nil {
		return nil, err
	}
	defer proxy.Close()
	bytes := []float64{}
	for _, contender := range contend(proxy.URL) {
		if _, err := contender.Run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", contender.Name, err)
		}
		sent, _ := proxy.Take()
		bytes = append(bytes, float64(sent))
	}
	return bytes, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

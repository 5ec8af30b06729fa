package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"

	"groma/bench"
)

// changed shows P4: the landscape after one new commit in every repository.
// What travels is the same in every run, so there is one; its host makes every
// pack anew.
func (p *pass) changed(ctx context.Context) ([]bench.Comparison, error) {
	root := p.fresh("remotes")
	defer os.RemoveAll(root)
	remotes := []remote{}
	for _, repository := range p.repositories {
		r, err := share(ctx, filepath.Join(p.remotes, repository+".git"), filepath.Join(root, repository+".git"))
		if err != nil {
			return nil, err
		}
		remotes = append(remotes, r)
	}
	backend, err := gitBackend(ctx, root)
	if err != nil {
		return nil, err
	}
	host, err := bench.NewMeter(backend)
	if err != nil {
		return nil, err
	}
	defer host.Close()
	return p.changedAt(ctx, host, remotes)
}

func (p *pass) changedAt(ctx context.Context, host *bench.Meter, remotes []remote) ([]bench.Comparison, error) {
	data := p.fresh("data")
	defer os.RemoveAll(data)
	again := p.again(host.URL, data)
	first, err := again.Run(ctx)
	if err != nil {
		return nil, err
	}
	full, _ := host.Take()
	for _, r := range remotes {
		if err := r.commit(ctx); err != nil {
			return nil, err
		}
	}
	second, err := again.Run(ctx)
	if err != nil {
		return nil, err
	}
	changed, _ := host.Take()
	blobs, err := p.blobsCounted()
	if err != nil {
		return nil, err
	}
	ours := bench.Series{Samples: []bench.Sample{second}}
	theirs := bench.Series{Name: "the first survey", Samples: []bench.Sample{first}}
	return []bench.Comparison{
		bytesReceived("P4", float64(changed), theirs.Name, float64(full), bench.RatioAtMost(0.05)),
		{
			Screen: "P4", What: "blobs counted", Unit: bench.Count, Ours: []float64{blobs},
			Than: "new blobs", Theirs: []float64{float64(len(remotes))}, Aim: bench.Equal(),
		},
		bench.Compare("P4", bench.Wall, ours, theirs, bench.Aim{}),
		bench.Compare("P4", bench.CPU, ours, theirs, bench.Aim{}),
	}, nil
}

// blobsCounted is how many contents the last survey has read and counted, by
// its report.
func (p *pass) blobsCounted() (float64, error) {
	data, err := os.ReadFile(filepath.Join(p.folder, "report", "report.json"))
	if err != nil {
		return 0, err
	}
	var report struct {
		Repositories []struct{ BlobsCounted int64 }
	}
	if err := json.Unmarshal(data, &report); err != nil {
		return 0, fmt.Errorf("read the report: %w", err)
	}
	var blobs int64
	for _, repository := range report.Repositories {
		blobs += repository.BlobsCounted
	}
	return float64(blobs), nil
}

// gitBackend serves the repositories in a folder over smart HTTP.
func gitBackend(ctx context.Context, root string) (http.Handler, error) {
	programs, err := bench.Output(bench.Command(ctx, "git", "--exec-path"))
	if err != nil {
		return nil, fmt.Errorf("find git's programs: %w", err)
	}
	return &cgi.Handler{
		Path: filepath.Join(programs, "git-http-backend"),
		Env: []string{
			"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=3",
			"GIT_CONFIG_KEY_0=uploadpack.allowFilter", "GIT_CONFIG_VALUE_0=true",
			"GIT_CONFIG_KEY_1=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_1=true",
			"GIT_CONFIG_KEY_2=safe.directory", "GIT_CONFIG_VALUE_2=*",
		},
	}, nil
}

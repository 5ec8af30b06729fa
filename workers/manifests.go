package workers

import (
	"context"
	"sync"

	"groma/internal/artefact"
	"groma/internal/survey"
	gromav1 "groma/proto/groma/v1"
)

// manifests remembers the manifest that was read last, which never changes:
// each shard of a survey asks for the whole, so that a survey of many shards
// would read it as often.
type manifests struct {
	mu   sync.Mutex
	last *gromav1.Manifest
}

func (m *manifests) get(ctx context.Context, store artefact.Store, id string) (*gromav1.Manifest, error) {
	m.mu.Lock()
	last := m.last
	m.mu.Unlock()
	if last.GetSurvey() == id && id != "" {
		return last, nil
	}
	manifest, err := survey.Manifest(ctx, store, id)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = manifest
	return manifest, nil
}

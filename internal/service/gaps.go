package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"groma/internal/artefact"
	"groma/internal/fault"
	"groma/internal/report"
	gromav1 "groma/proto/groma/v1"
)

// mostUncounted is how many repositories without a count one answer names.
const mostUncounted = 10_000

// uncounted reads the repositories without a count from report.json, and nothing
// else of it: a report may have a hundred thousand rows.
func (s *Service) uncounted(ctx context.Context, id string, e *gromav1.Edition) ([]*gromav1.Uncounted, error) {
	done, err := s.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	key := artefact.EditionKey(id, e.Name, "report.json")
	data, err := s.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	gaps, err := gapsIn(json.NewDecoder(bytes.NewReader(data)))
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "%s: %w", key, err)
	}
	return gaps, nil
}

func gapsIn(decoder *json.Decoder) (gaps []*gromav1.Uncounted, err error) {
	if err := passTo(decoder, "repositories"); err != nil {
		return nil, err
	}
	for decoder.More() && len(gaps) < mostUncounted {
		var row struct{ Key, Outcome, Reason string }
		if err := decoder.Decode(&row); err != nil {
			return nil, err
		}
		if !report.Settled(row.Outcome) {
			gaps = append(gaps, &gromav1.Uncounted{Key: row.Key, Outcome: row.Outcome, Reason: row.Reason})
		}
	}
	return gaps, nil
}

// passTo reads an object up to the elements of a list.
func passTo(decoder *json.Decoder, list string) error {
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		if name == list {
			_, err := decoder.Token()
			return err
		}
		var passed json.RawMessage
		if err := decoder.Decode(&passed); err != nil {
			return err
		}
	}
	return fmt.Errorf("it has no %s", list)
}

// Package service is the one interface to surveys: it starts them, tells how
// they get on and hands out what they found.
//
// It implements SurveyService over storage, Temporal and notices, whoever
// carries the calls: HTTP, NATS, or the process itself. What is kept can be
// read without the other two. Every request is checked before anything is done,
// and every failure has one of the codes that the contract names, with a text
// that says what to do next.
package service

import (
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"groma/internal/artefact"
	"groma/internal/notice"
	"groma/internal/source"
	"groma/proto/groma/v1/gromav1connect"
)

// Config is what a service works with.
type Config struct {
	Store    artefact.Store
	Temporal client.Client // nil: what is kept can be read, nothing runs
	// Payloads reads what Temporal keeps, where its client does not: memos. Nil
	// is the SDK's own, for what is not sealed.
	Payloads converter.DataConverter
	Notices  *notice.Bus // nil tells nothing
	// Queue is the task queue of a survey with this fingerprint; without one, it
	// is that of rescans and schedules. Nil means [workflows.ClusterQueue].
	Queue func(fingerprint string) string
	// Window is how many censuses of one shard may be in flight where a request
	// does not say; zero means 16.
	Window int64
	// Searchable says that Temporal has the search attributes of workflows.
	Searchable bool
	// Sources reads what requests name; nil reads https from public addresses.
	Sources *source.Remote
	// Private says that whoever asks is who runs this process: failures are told
	// whole, and repositories on this machine may be surveyed.
	Private bool
	// Log hears of failures that are not told whole; nil discards them.
	Log *slog.Logger
}

// Service implements SurveyService.
type Service struct {
	gromav1connect.UnimplementedSurveyServiceHandler
	Config
	reading chan struct{} // has one for each report that is held in memory
	parsing chan struct{} // has one while somebody's documents are read

	memory memory
}

var _ gromav1connect.SurveyServiceHandler = (*Service)(nil)

// New returns a service, which takes nothing of its configuration over: stores
// and connections stay the caller's to close.
func New(config Config) *Service {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Payloads == nil {
		config.Payloads = converter.GetDefaultDataConverter()
	}
	if config.Window <= 0 {
		config.Window = defaultWindow
	}
	return &Service{Config: config, reading: make(chan struct{}, mostRead), parsing: make(chan struct{}, 1)}
}

const defaultWindow = 16

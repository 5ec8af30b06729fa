package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// askTime is how long a question may take that a scrape asks, and askPause
	// how long its answer is good for, however many ask.
	askTime  = 2 * time.Second
	askPause = 5 * time.Second
	// mostStates is how many values of a label an answer may have.
	mostStates = 20
)

// Backlog has each scrape ask how many requests for rescans are not done yet.
func (m *Metrics) Backlog(ask func(context.Context) (int64, error)) {
	if m == nil {
		return
	}
	m.registry.MustRegister(&asked{
		desc: prometheus.NewDesc("groma_requests_backlog", "Requests for rescans that are not done yet. It is missing while the queue does not answer.", nil, nil),
		ask: func(ctx context.Context) (map[string]int64, error) {
			n, err := ask(ctx)
			return map[string]int64{"": n}, err
		},
	})
}

// Surveys has each scrape ask how many surveys run, by their state.
func (m *Metrics) Surveys(ask func(context.Context) (map[string]int64, error)) {
	if m != nil {
		m.registry.MustRegister(&asked{
			desc:    prometheus.NewDesc("groma_surveys", "Surveys that run, by state. It is missing while Temporal does not answer.", []string{"state"}, nil),
			ask:     ask,
			labeled: true,
		})
	}
}

// asked is a gauge whose values somebody else knows, by label. Where the
// question fails it has none, which says more than an old one.
type asked struct {
	desc    *prometheus.Desc
	ask     func(context.Context) (map[string]int64, error)
	labeled bool

	mu    sync.Mutex
	last  map[string]int64
	until time.Time
}

func (a *asked) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

func (a *asked) Collect(to chan<- prometheus.Metric) {
	values := a.values()
	if len(values) > mostStates {
		return
	}
	for label, value := range values {
		var labels []string
		if a.labeled {
			labels = append(labels, label)
		}
		if metric, err := prometheus.NewConstMetric(a.desc, prometheus.GaugeValue, float64(value), labels...); err == nil {
			to <- metric
		}
	}
}

func (a *asked) values() map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().Before(a.until) {
		return a.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	var err error
	if a.last, err = a.ask(ctx); err != nil {
		a.last = nil
	}
	a.until = time.Now().Add(askPause)
	return a.last
}

package telemetry

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one process. They are safe for concurrent use; nil ones
// are not kept.
type Metrics struct {
	registry *prometheus.Registry

	repositories, contents, rescans *prometheus.CounterVec
	received, editions              prometheus.Counter
	inFlight, memory                prometheus.Gauge
	census                          prometheus.Histogram
	phase, requestSeconds           *prometheus.HistogramVec
	requests                        *prometheus.CounterVec
}

// seconds are the bounds by which censuses and their phases are told apart: from
// a commit that is counted already to the longest that a repository may take.
var seconds = []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800}

// NewMetrics returns the metrics of a process of this version, which counts by
// this method.
func NewMetrics(version, method string) *Metrics {
	m := &Metrics{
		registry:       prometheus.NewRegistry(),
		repositories:   counters("groma_repositories_total", "Repositories that this process came to an end with, by outcome.", "outcome"),
		contents:       counters("groma_contents_total", "Different contents of the commits that were counted: read here, or known from another commit or repository.", "how"),
		rescans:        counters("groma_rescans_total", "Repositories that were counted again because somebody asked, by outcome.", "outcome"),
		received:       prometheus.NewCounter(prometheus.CounterOpts{Name: "groma_received_bytes_total", Help: "Bytes that remotes sent."}),
		editions:       prometheus.NewCounter(prometheus.CounterOpts{Name: "groma_editions_total", Help: "Editions of reports that were made after the first."}),
		inFlight:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "groma_censuses_in_flight", Help: "Repositories that are being counted now."}),
		memory:         prometheus.NewGauge(prometheus.GaugeOpts{Name: "groma_memory_budget_bytes", Help: "What all repositories that are counted at once may hold in memory."}),
		census:         prometheus.NewHistogram(prometheus.HistogramOpts{Name: "groma_census_seconds", Help: "How long a census took that came to an outcome.", Buckets: seconds}),
		phase:          histograms("groma_census_phase_seconds", "How long the phases of a census took.", seconds, "phase"),
		requests:       counters("groma_http_requests_total", "Requests that were answered, by route and status.", "route", "code"),
		requestSeconds: histograms("groma_http_request_seconds", "How long requests took, streams until their end.", prometheus.DefBuckets, "route"),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(version, method),
		m.repositories, m.contents, m.rescans, m.received, m.editions, m.inFlight, m.memory, m.census, m.phase, m.requests, m.requestSeconds,
	)
	for _, outcome := range outcomes { // so that a rate is there from the first one on
		m.repositories.WithLabelValues(outcome)
		m.rescans.WithLabelValues(outcome)
	}
	for _, how := range []string{contentRead, contentReused} {
		m.contents.WithLabelValues(how)
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func buildInfo(version, method string) prometheus.Collector {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "groma_build_info", Help: "Always 1: which version this is, and by which method it counts.",
		ConstLabels: prometheus.Labels{"version": strings.ToValidUTF8(version, "?"), "method": strings.ToValidUTF8(method, "?")},
	})
	info.Set(1)
	return info
}

// What asking for the metrics may cost.
const (
	scrapesAtOnce = 4
	scrapeTime    = 10 * time.Second
)

// Handler tells the metrics to Prometheus; that of nil metrics is nil.
func (m *Metrics) Handler() http.Handler {
	if m == nil {
		return nil
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTime,
	})
}

// MemoryBudget says what all censuses at once may hold in memory.
func (m *Metrics) MemoryBudget(bytes int64) {
	if m != nil {
		m.memory.Set(float64(bytes))
	}
}

// outcomes are those that a repository may have; see package census.
var outcomes = []string{
	"counted", "reused", "empty", "not-found", "moved", "too-large", "denied", "timed-out", "unsupported", "failed",
}

// other stands for every value of a label that is none of those that it may have.
const other = "other"

func oneOf(known []string, value string) string {
	if slices.Contains(known, value) {
		return value
	}
	return other
}

// Decided counts a repository whose outcome was decided without a census: its
// tries ran out.
func (m *Metrics) Decided(outcome string) {
	if m != nil {
		m.repositories.WithLabelValues(oneOf(outcomes, outcome)).Inc()
	}
}

// Rescanned counts a repository that was counted again because somebody asked.
func (m *Metrics) Rescanned(outcome string) {
	if m != nil {
		m.rescans.WithLabelValues(oneOf(outcomes, outcome)).Inc()
	}
}

// Revised counts an edition that was made after the first.
func (m *Metrics) Revised() {
	if m != nil {
		m.editions.Inc()
	}
}

package service

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // slim images have none
	"unicode"
	"unicode/utf8"

	"groma/internal/form"
	"groma/internal/landscape"
	"groma/internal/survey"
	"groma/internal/tally"
	"groma/internal/vitals"
	gromav1 "groma/proto/groma/v1"
)

// What a request may have at most. All of it is far beyond what people ask for.
const (
	longestName   = 4096     // of a source, an address, an annotation's file
	longestKey    = 900      // of a repository: Temporal's ids have at most 1,000
	longestWord   = 200      // of an id, a language, a glob, a window
	mostWords     = 100      // languages, globs, windows
	largestFile   = 32 << 20 // a document; CNCF's landscape is a fiftieth
	mostWindow    = 1000     // censuses in flight of one shard: Temporal's limit is 2,000
	mostSeconds   = 24 * 60 * 60
	shortestEvery = 60                 // seconds between surveys
	longestEvery  = 366 * 24 * 60 * 60 // and at most
)

var kinds = []string{"", "landscape", "list", "folder", "repository"}

// first is the first of some errors: one at a time is enough to mend.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkStart(request *gromav1.StartSurveyRequest) error {
	spec := request.GetSpec()
	documents := []struct {
		name string
		data []byte
	}{{"document", request.GetDocument()}, {"clomonitor", request.GetClomonitor()}, {"annotations", request.GetAnnotations()}}
	for _, d := range documents {
		if len(d.data) > largestFile {
			return fmt.Errorf("%s has %d bytes: at most %d MiB are taken", d.name, len(d.data), largestFile>>20)
		}
	}
	if spec.GetSource() == "" && len(request.GetDocument()) == 0 {
		return errors.New("there is nothing to survey: name an https address in spec.source, or send the document")
	}
	return first(
		checkSpec(spec),
		checkNumber("window", request.GetWindow(), mostWindow),
		checkNumber("shard_size", request.GetShardSize(), survey.MaxShardSize),
	)
}

func checkSpec(spec *gromav1.SurveySpec) error {
	if !slices.Contains(kinds, spec.GetKind()) {
		return fmt.Errorf("kind %.50q: want landscape, list, folder or repository, or nothing to have it found out", spec.GetKind())
	}
	if spec.GetNoVitals() && len(spec.GetWindows()) > 0 {
		return errors.New("no_vitals and windows exclude each other: leave one out")
	}
	limits := spec.GetLimits()
	return first(
		checkText("source", spec.GetSource(), longestName),
		checkText("name", spec.GetName(), longestName),
		checkText("clomonitor", spec.GetClomonitor(), longestName),
		checkText("annotations", spec.GetAnnotations(), longestName),
		checkLanguages(spec.GetLanguages()),
		checkFilter(spec.GetFilter()),
		checkWindows(spec.GetWindows()),
		checkNumber("limits.file_bytes", limits.GetFileBytes(), 1<<40),
		checkNumber("limits.repository_bytes", limits.GetRepositoryBytes(), 1<<50),
		checkNumber("limits.seconds", limits.GetSeconds(), mostSeconds),
		checkTime(spec),
	)
}

func checkTime(spec *gromav1.SurveySpec) error {
	if spec.GetAsOf() == nil {
		return nil
	}
	if err := spec.AsOf.CheckValid(); err != nil {
		return fmt.Errorf("as_of: %w", err)
	}
	return nil
}

func checkFilter(filter *gromav1.Filter) error {
	if err := checkWords("projects", filter.GetProjects()); err != nil {
		return err
	}
	for _, glob := range filter.GetProjects() {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("projects %s: no glob; want one such as kube*", glob)
		}
	}
	if len(filter.GetMaturity()) > mostWords {
		return tooMany("maturity", len(filter.GetMaturity()))
	}
	for _, maturity := range filter.GetMaturity() {
		if !slices.Contains(landscape.Maturities, maturity) {
			return fmt.Errorf("maturity %.50q: want some of %s", maturity, strings.Join(landscape.Maturities, ", "))
		}
	}
	return nil
}

func checkWindows(texts []string) error {
	if err := checkWords("windows", texts); err != nil || len(texts) == 0 {
		return err
	}
	var windows []vitals.Window
	for _, text := range texts {
		window, err := vitals.ParseWindow(text)
		if err != nil {
			return fmt.Errorf("windows: %w", err)
		}
		windows = append(windows, window)
	}
	if err := vitals.CheckWindows(windows); err != nil {
		return fmt.Errorf("windows: %w", err)
	}
	return nil
}

func checkLanguages(languages []string) error {
	if err := checkWords("languages", languages); err != nil {
		return err
	}
	_, err := tally.LanguagesNamed(languages)
	return err
}

func checkGet(request *gromav1.GetSurveyRequest) error {
	return first(checkID("survey", request.Survey), checkNumber("edition", request.Edition, 0))
}

func checkList(request *gromav1.ListSurveysRequest) error {
	return first(checkNumber("page_size", int64(request.PageSize), pageSize), checkID("page_token", request.PageToken))
}

func checkWatch(request *gromav1.WatchSurveyRequest) error {
	return first(checkID("survey", request.Survey), checkNumber("after", request.After, 0))
}

func checkPause(request *gromav1.PauseSurveyRequest) error { return needID(request.Survey) }

func checkResume(request *gromav1.ResumeSurveyRequest) error { return needID(request.Survey) }

func checkCancel(request *gromav1.CancelSurveyRequest) error { return needID(request.Survey) }

func checkRescan(request *gromav1.RescanRepositoryRequest) error {
	return needText("repository", request.Repository, longestKey)
}

func checkCensus(request *gromav1.GetCensusRequest) error {
	if c := request.Commit; c != "" && (len(c) != 40 && len(c) != 64 || strings.Trim(c, "0123456789abcdef") != "") {
		return errors.New("commit: want a full hash, of 40 or 64 hexadecimal digits in lower case")
	}
	return first(needText("repository", request.Repository, longestKey), checkText("method", request.Method, longestWord))
}

func checkReport(request *gromav1.GetReportRequest) error {
	if len(request.Formats) > len(form.Names()) {
		return tooMany("formats", len(request.Formats))
	}
	if len(request.Annotations) > largestFile {
		return fmt.Errorf("annotations has %d bytes: at most %d MiB are taken", len(request.Annotations), largestFile>>20)
	}
	settings := settingsOf(request)
	return first(checkID("survey", request.Survey), checkNumber("edition", request.Edition, 0),
		checkWords("languages", request.Languages), checkWords("formats", request.Formats), settings.Check())
}

func checkEditions(request *gromav1.ListEditionsRequest) error {
	return checkID("survey", request.Survey)
}

func checkDiff(request *gromav1.DiffSurveysRequest) error {
	return first(checkID("before", request.Before), checkID("after", request.After),
		checkNumber("before_edition", request.BeforeEdition, 0), checkNumber("after_edition", request.AfterEdition, 0))
}

func checkCreateSchedule(request *gromav1.CreateScheduleRequest) error {
	schedule := request.GetSchedule()
	asked := schedule.GetSurvey()
	if len(asked.GetDocument())+len(asked.GetClomonitor())+len(asked.GetAnnotations()) > 0 {
		return errors.New("a schedule reads its landscape anew each time: name https addresses, and send no documents")
	}
	for _, address := range []string{asked.GetSpec().GetSource(), asked.GetSpec().GetClomonitor(), asked.GetSpec().GetAnnotations()} {
		if address != "" && !strings.HasPrefix(strings.ToLower(address), "https://") {
			return fmt.Errorf("a schedule reads from https addresses, and %.200q is none", address)
		}
		if u, err := url.Parse(address); err != nil || u.User != nil {
			return errors.New("a schedule's addresses are read without a login: leave it out")
		}
	}
	return first(checkScheduleName(schedule.GetName()), checkStart(asked), checkTimes(schedule))
}

func checkTimes(schedule *gromav1.Schedule) error {
	cron, every := schedule.GetCron(), schedule.GetEverySeconds()
	switch {
	case (cron == "") == (every == 0):
		return errors.New("when: want one of cron and every_seconds")
	case cron != "" && len(strings.Fields(cron)) != 5:
		return fmt.Errorf("cron %.50q: want five fields, as in 0 6 * * 1", cron)
	case cron == "" && (every < shortestEvery || every > longestEvery):
		return fmt.Errorf("every_seconds %d: want %d to %d", every, shortestEvery, longestEvery)
	case cron == "" && schedule.GetTimeZone() != "":
		return errors.New("time_zone is of cron: leave it out")
	}
	if _, err := time.LoadLocation(schedule.GetTimeZone()); err != nil || schedule.GetTimeZone() == "Local" {
		return fmt.Errorf("time_zone %.50q: no such time zone is known; want one such as Europe/Rome", schedule.GetTimeZone())
	}
	return checkText("cron", cron, longestWord)
}

func checkPauseSchedule(request *gromav1.PauseScheduleRequest) error {
	return checkScheduleName(request.Name)
}

func checkRunSchedule(request *gromav1.RunScheduleRequest) error {
	return checkScheduleName(request.Name)
}

func checkDeleteSchedule(request *gromav1.DeleteScheduleRequest) error {
	return checkScheduleName(request.Name)
}

func checkScheduleName(name string) error {
	if name == "" || len(name) > longestWord || !isWord(name) {
		return fmt.Errorf("name %.50q: a schedule's is of letters, digits, hyphens, dots and underscores, at most %d", name, longestWord)
	}
	return nil
}

// checkID refuses what no id of a survey begins with.
func checkID(field, id string) error {
	if len(id) > longestWord || !isWord(id) {
		return fmt.Errorf("%s %.50q: no survey is called so; 'groma surveys' lists them", field, id)
	}
	return nil
}

func needID(id string) error {
	if id == "" {
		return errors.New("survey: say which; 'groma surveys' lists them")
	}
	return checkID("survey", id)
}

// isWord reports whether a text is of letters, digits, hyphens, dots and
// underscores, and begins with no dot.
func isWord(text string) bool {
	other := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	}
	return !strings.HasPrefix(text, ".") && !strings.ContainsFunc(text, other)
}

func checkWords(field string, words []string) error {
	if len(words) > mostWords {
		return tooMany(field, len(words))
	}
	for _, word := range words {
		if err := needText(field, word, longestWord); err != nil {
			return err
		}
	}
	return nil
}

func tooMany(field string, n int) error {
	return fmt.Errorf("%s has %d: at most %d are taken", field, n, mostWords)
}

func needText(field, text string, longest int) error {
	if text == "" {
		return fmt.Errorf("%s: it is empty", field)
	}
	return checkText(field, text, longest)
}

// checkText refuses what is too long, no text, or could move a terminal.
func checkText(field, text string, longest int) error {
	switch {
	case len(text) > longest:
		return fmt.Errorf("%s has %d bytes: at most %d are taken", field, len(text), longest)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not text in UTF-8", field)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s holds control characters", field)
	}
	return nil
}

// checkNumber refuses what is negative or too much; a most of zero is none.
func checkNumber(field string, n, most int64) error {
	if n < 0 || most > 0 && n > most {
		if most == 0 {
			return fmt.Errorf("%s %d: want at least 0", field, n)
		}
		return fmt.Errorf("%s %d: want 0 to %d, where 0 leaves it to the server", field, n, most)
	}
	return nil
}

// A subscriber to telex's articles: prints type, id, version, language and title of each event, separated by tabs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// article is what we read of an event's data: members that we do not know are none of our business.
type article struct {
	ID       string  `json:"id"`
	Version  int64   `json:"version"`
	Language *string `json:"language"`
	Title    *string `json:"title"`
}

// latest is what we know of each article. Yours is a database: write it in one transaction with the work that you do.
// Kafka hands an event out again where we die between the work and the commit of its offset. Comparing versions skips
// it. Who keeps no versions can keep the pairs (ce_source, ce_id) instead: they name an event for ever.
var latest = map[string]int64{}

func handle(record *kgo.Record) error {
	headers := map[string]string{}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	kind := headers["ce_type"]
	switch kind {
	case "telex.article.published", "telex.article.updated": // the whole article is there: replace yours with it
	case "telex.article.withdrawn": // taken down: hide yours. There is no text in it, and it may come back as an update
	default:
		return nil // a type that we do not know
	}
	var found article
	if err := json.Unmarshal(record.Value, &found); err != nil {
		return fmt.Errorf("%s: %w", headers["ce_id"], err)
	}
	if found.Version > latest[found.ID] {
		fmt.Printf("%s\t%s\t%d\t%s\t%s\n", kind, found.ID, found.Version, text(found.Language), text(found.Title))
		latest[found.ID] = found.Version
	}
	return nil
}

func text(value *string) string {
	if value == nil || *value == "" {
		return "-"
	}
	return *value
}

var assigned atomic.Bool

// subscribe works until ctx ends, or nothing has come for idle (0: for ever).
func subscribe(ctx context.Context, client *kgo.Client, idle time.Duration) error {
	for last := time.Now(); ctx.Err() == nil && (idle == 0 || time.Since(last) < idle); {
		turn, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		fetches := client.PollFetches(turn)
		cancel()
		for _, failed := range fetches.Errors() {
			if !errors.Is(failed.Err, context.DeadlineExceeded) && !errors.Is(failed.Err, context.Canceled) {
				return fmt.Errorf("%s: %w", failed.Topic, failed.Err)
			}
		}
		records := fetches.Records()
		for _, record := range records {
			if err := handle(record); err != nil {
				return err
			}
		}
		if len(records) > 0 || !assigned.Load() {
			last = time.Now()
		}
		if len(records) > 0 {
			// Not with ctx: on SIGTERM what is done is still to be committed. A failure means that we get it again.
			if err := client.CommitRecords(context.WithoutCancel(ctx), records...); err != nil {
				log.Print("commit: ", err)
			}
		}
		client.AllowRebalance()
	}
	return nil
}

func main() {
	bootstrap := flag.String("bootstrap", env("BOOTSTRAP", "localhost:9092"), "addresses of brokers")
	topics := flag.String("topics", env("TOPICS", "news.articles"), "separated by commas")
	group := flag.String("group", env("GROUP", "example-go"), "consumer group")
	idle := flag.Float64("until-idle", 0, "end when nothing comes for so many seconds")
	flag.Parse()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*bootstrap, ",")...),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(strings.Split(*topics, ",")...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), // without it you get events that were never published
		kgo.DisableAutoCommit(),                      // we commit what is done, not what was fetched
		kgo.BlockRebalanceOnPoll(),                   // no partition moves away between the work and its commit
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { assigned.Store(true) }),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = subscribe(ctx, client, time.Duration(*idle*float64(time.Second)))
	client.CloseAllowingRebalance()
	if err != nil {
		log.Fatal(err)
	}
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

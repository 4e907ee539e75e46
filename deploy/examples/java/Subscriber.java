// A subscriber to telex's articles: prints type, id, version, language and title of each event, separated by tabs.
// Needs kafka-clients (with zstd-jni, which it brings) and jackson-databind:
// java -cp 'lib/*' Subscriber.java --bootstrap localhost:9092 --topics news.articles --group example-java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class Subscriber {
    static final ObjectMapper JSON = new ObjectMapper();
    static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    static volatile boolean stopping = false;

    // What we know of each article. Yours is a database: write it in one transaction with the work that you do.
    // Kafka hands an event out again where we die between the work and the commit of its offset. Comparing versions
    // skips it. Who keeps no versions can keep the pairs (ce_source, ce_id) instead: they name an event for ever.
    static final Map<String, Long> latest = new HashMap<>();

    static void take(String type, JsonNode article) {
        String id = article.get("id").asText();
        long version = article.get("version").asLong();
        if (version <= latest.getOrDefault(id, 0L)) return;
        switch (type) {
            case "telex.article.published", "telex.article.updated" -> { }  // the whole article: replace yours with it
            case "telex.article.withdrawn" -> { }  // taken down: hide yours. It has no text, and may come back updated
            default -> { return; }  // a type that we do not know is none of our business
        }
        OUT.println(String.join("\t", type, id, Long.toString(version), text(article, "language"), text(article, "title")));
        latest.put(id, version);
    }

    static String text(JsonNode article, String name) {
        return article.hasNonNull(name) ? article.get(name).asText() : "-";
    }

    static void handle(ConsumerRecord<byte[], byte[]> record) throws Exception {
        var header = record.headers().lastHeader("ce_type");
        if (header == null || record.value() == null) return;
        String type = new String(header.value(), StandardCharsets.UTF_8);
        if (type.startsWith("telex.article.")) take(type, JSON.readTree(record.value()));  // members we do not know stay unread
    }

    public static void main(String[] arguments) throws Exception {
        var given = new HashMap<String, String>();
        for (int i = 0; i + 1 < arguments.length; i += 2) given.put(arguments[i], arguments[i + 1]);
        var topics = List.of(option(given, "--topics", "TOPICS", "news.articles").split(","));
        String idle = given.get("--until-idle");
        var consumer = new KafkaConsumer<byte[], byte[]>(Map.of(
            "bootstrap.servers", option(given, "--bootstrap", "BOOTSTRAP", "localhost:9092"),
            "group.id", option(given, "--group", "GROUP", "example-java"),
            "isolation.level", "read_committed",  // without it you get events that were never published
            "enable.auto.commit", "false",        // we commit what is done, not what was fetched
            "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(), new ByteArrayDeserializer());
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {  // SIGTERM, Ctrl-C: let the batch in hand be finished
            stopping = true;
            try { main.join(10_000); } catch (InterruptedException ignored) { }
        }));
        try (consumer) {
            consumer.subscribe(topics);
            long last = System.nanoTime();
            while (!stopping) {
                var records = consumer.poll(Duration.ofMillis(200));
                for (var record : records) handle(record);
                try {
                    if (!records.isEmpty()) consumer.commitSync();
                } catch (CommitFailedException | RebalanceInProgressException moved) {
                    // The partition may be another member's by now: it gets them again.
                }
                if (!records.isEmpty() || consumer.assignment().isEmpty()) last = System.nanoTime();
                else if (idle != null && System.nanoTime() - last > Double.parseDouble(idle) * 1e9) break;
            }
        }
    }

    static String option(Map<String, String> given, String flag, String variable, String otherwise) {
        return given.getOrDefault(flag, System.getenv().getOrDefault(variable, otherwise));
    }
}

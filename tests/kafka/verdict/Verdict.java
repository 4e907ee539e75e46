import java.io.BufferedWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Writes every committed record of some topics as JSON lines, as Kafka's own client reads them: read_committed, from the
 * first offset to the end. Who judges them needs no client.
 *
 * <p>Arguments: bootstrap servers, the file to write, seconds to wait until no transaction is open, topics.
 */
public final class Verdict {
    public static void main(String[] arguments) throws Exception {
        Properties common = new Properties();
        common.put("bootstrap.servers", arguments[0]);
        List<String> topics = Arrays.asList(arguments).subList(3, arguments.length);
        Map<TopicPartition, Long> ends;
        try (Admin admin = Admin.create(common)) {
            ends = stableEnds(admin, partitions(admin, topics), Long.parseLong(arguments[2]));
        }
        try (BufferedWriter lines = Files.newBufferedWriter(Path.of(arguments[1]), StandardCharsets.UTF_8)) {
            dump(common, ends, lines);
        }
    }

    private static List<TopicPartition> partitions(Admin admin, List<String> topics) throws Exception {
        return admin.describeTopics(topics).allTopicNames().get().values().stream()
                .flatMap(topic -> topic.partitions().stream().map(one -> new TopicPartition(topic.name(), one.partition())))
                .collect(Collectors.toList());
    }

    /** The ends of the partitions, once nothing before them is undecided. */
    private static Map<TopicPartition, Long> stableEnds(Admin admin, List<TopicPartition> places, long patience)
            throws Exception {
        long until = System.nanoTime() + patience * 1_000_000_000L;
        while (true) {
            Map<TopicPartition, Long> all = ends(admin, places, IsolationLevel.READ_UNCOMMITTED);
            Map<TopicPartition, Long> stable = ends(admin, places, IsolationLevel.READ_COMMITTED);
            if (all.equals(stable)) {
                return all;
            }
            if (System.nanoTime() > until) {
                throw new IllegalStateException("a transaction stays open: ends " + all + ", stable until " + stable);
            }
            Thread.sleep(100);
        }
    }

    private static Map<TopicPartition, Long> ends(Admin admin, List<TopicPartition> places, IsolationLevel isolation)
            throws Exception {
        Map<TopicPartition, OffsetSpec> latest =
                places.stream().collect(Collectors.toMap(place -> place, place -> OffsetSpec.latest()));
        Map<TopicPartition, Long> found = new TreeMap<>(
                (one, other) -> one.toString().compareTo(other.toString()));
        admin.listOffsets(latest, new ListOffsetsOptions(isolation)).all().get()
                .forEach((place, result) -> found.put(place, result.offset()));
        return found;
    }

    private static void dump(Properties common, Map<TopicPartition, Long> ends, BufferedWriter lines) throws Exception {
        Properties properties = new Properties();
        properties.putAll(common);
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", "false");
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
            consumer.assign(ends.keySet());
            consumer.seekToBeginning(ends.keySet());
            List<TopicPartition> open = new ArrayList<>(ends.keySet());
            while (true) {
                // The position passes markers and what was aborted; records alone would not get there.
                open.removeIf(place -> consumer.position(place) >= ends.get(place));
                if (open.isEmpty()) {
                    return;
                }
                for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofMillis(200))) {
                    lines.write(line(one));
                }
            }
        }
    }

    private static String line(ConsumerRecord<byte[], byte[]> one) {
        StringBuilder headers = new StringBuilder();
        for (Header header : one.headers()) {
            headers.append(headers.length() == 0 ? "" : ",")
                    .append("[\"").append(header.key()).append("\",").append(base64(header.value())).append("]");
        }
        return "{\"topic\":\"" + one.topic() + "\",\"partition\":" + one.partition() + ",\"offset\":" + one.offset()
                + ",\"timestamp\":" + one.timestamp() + ",\"key\":" + base64(one.key())
                + ",\"value\":" + base64(one.value()) + ",\"headers\":[" + headers + "]}\n";
    }

    /** Names of topics and headers are plain ASCII; everything else may be anything. */
    private static String base64(byte[] value) {
        return value == null ? "null" : '"' + Base64.getEncoder().encodeToString(value) + '"';
    }
}

package parley.store;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A program that a test kills. With a second argument it ends by itself when the journal accepts no
 * more. Fifty entities write without pause. Each event that the journal has confirmed becomes a
 * line on standard output, unbuffered, before the next one is written.
 */
final class KilledWriters {
  static final int ENTITIES = 50;

  private KilledWriters() {}

  public static void main(String[] args) throws StoreRefusedException {
    EmbeddedStore store = EmbeddedStore.open(Path.of(args[0]));
    store.openJournal();
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    if (args.length > 1) {
      store.watch(
          Duration.ofMillis(200),
          why -> {
            out.println("ended: " + why);
            Runtime.getRuntime().halt(1);
          });
    }
    WriterEntity.system(
        Behaviors.setup(
            context -> {
              for (int i = 0; i < ENTITIES; i++) {
                context
                    .spawn(
                        WriterEntity.forEver(
                            "w" + i, (id, number) -> out.println(id + " " + number)),
                        "w" + i)
                    .tell(new WriterEntity.Write());
              }
              return Behaviors.empty();
            }),
        store);
  }
}

package parley.journal;

import java.io.NotSerializableException;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/**
 * An event that holds an actor reference. It can be written and read only by the actor system's own
 * serialization, with a manifest and the system's address.
 */
public record ReferencingEvent(ActorRef ref) {
  /** The serializer's binding in a system's configuration. */
  static final String BINDING =
      """
      pekko.actor {
        serializers.referring = "%s"
        serialization-bindings."%s" = referring
      }
      """
          .formatted(Form.class.getName(), ReferencingEvent.class.getName());

  /** Made by Pekko. */
  public static final class Form extends SerializerWithStringManifest {
    private final ExtendedActorSystem system;

    /** Made by Pekko. */
    public Form(ExtendedActorSystem system) {
      this.system = system;
    }

    @Override
    public int identifier() {
      return 990_001;
    }

    @Override
    public String manifest(Object o) {
      return "R";
    }

    @Override
    public byte[] toBinary(Object o) {
      check();
      return Serialization.serializedActorPath(((ReferencingEvent) o).ref())
          .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
      check();
      if (!manifest.equals("R")) {
        throw new NotSerializableException(manifest);
      }
      return new ReferencingEvent(
          system.provider().resolveActorRef(new String(bytes, StandardCharsets.UTF_8)));
    }

    private void check() {
      // Fails if there is no reference.
      if (Serialization.getCurrentTransportInformation().system() != system) {
        throw new IllegalStateException("not by the serialization of " + system.name());
      }
    }
  }
}

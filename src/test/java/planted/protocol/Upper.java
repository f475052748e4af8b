package planted.protocol;

import org.apache.pekko.Done;
import planted.model.Lower;

/** Knows Pekko. */
public interface Upper {
  Lower lower();

  Done done();
}

/** The DynamoDB bill of a run: capacity units and dollars by entity, row and cause. */
@NullMarked
package parley.bench.bill;

import org.jspecify.annotations.NullMarked;

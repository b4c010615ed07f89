/**
 * One graph as a picture: inline SVG whose colours the style sheet of a page resolves. Structure formulas are the CDK's,
 * layouts of plain graphs JGraphT's.
 */
package org.bitdgdm.drawing;

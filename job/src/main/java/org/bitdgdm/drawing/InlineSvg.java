package org.bitdgdm.drawing;

import java.io.StringWriter;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Makes an {@code svg} element part of a page: named for screen readers, sized by the style sheet, without ids (they would
 * clash with those of the next drawing) and without a trace of who drew it.
 */
public final class InlineSvg {
    private InlineSvg() {
    }

    /**
     * The markup of {@code svg}, which is changed on the way.
     *
     * @param styleClass name for the style sheet
     * @param title      what it shows, in a few words
     * @param text       the same for who cannot see it, in a sentence or two; empty: the title says it all
     */
    public static String markup(Element svg, String styleClass, String title, String text) {
        Document document = svg.getOwnerDocument();
        Node next;
        for (Node child = svg.getFirstChild(); child != null; child = next) {
            next = child.getNextSibling();
            if (child.getNodeName().equals("desc") || child.getNodeName().equals("title")) {
                svg.removeChild(child);
            }
        }
        removeIds(svg);
        for (String attribute : new String[] {"width", "height", "version", "xmlns:xlink"}) {
            svg.removeAttribute(attribute);
        }
        svg.setAttribute("class", styleClass);
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", text.isEmpty() ? title : title + ". " + text);
        Element name = document.createElementNS(svg.getNamespaceURI(), "title");
        name.setTextContent(title);
        svg.insertBefore(name, svg.getFirstChild());
        return serialized(svg);
    }

    private static void removeIds(Element element) {
        element.removeAttribute("id");
        NodeList children = element.getChildNodes();
        for (int i = children.getLength() - 1; i >= 0; i--) {
            if (children.item(i) instanceof Element child) {
                if (child.getTagName().equals("defs")) {
                    element.removeChild(child);
                } else {
                    removeIds(child);
                }
            }
        }
    }

    private static String serialized(Element svg) {
        try {
            Transformer identity = TransformerFactory.newDefaultInstance().newTransformer();
            identity.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            StringWriter markup = new StringWriter();
            identity.transform(new DOMSource(svg), new StreamResult(markup));
            return markup.toString();
        } catch (TransformerException e) {
            throw new IllegalStateException("an SVG element cannot be written: " + e.getMessage(), e);
        }
    }
}
